"""A simulated Shopify shop that keeps the platform's rules; it knows the wire form, nothing of our client."""
