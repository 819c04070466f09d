"""TikTok Shop: signing, tokens, listings, orders and writes, and a simulated shop."""
