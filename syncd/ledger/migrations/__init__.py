"""The steps from one schema to the next; `syncd.ledger.schema` runs them."""
