"""What the rows of a table mean, whatever the table came from: shared by the connectors that read tables."""
