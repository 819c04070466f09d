"""Connectors: one package per kind of source or channel, found by entry points."""
