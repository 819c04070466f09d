"""Shopify as a source of stock and prices: everything that knows its Admin API lives in this package."""
