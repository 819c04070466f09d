"""Frozen values and pure rules: what syncd means by stock, offers, plans and outcomes."""
