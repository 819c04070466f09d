"""syncd keeps the quantities and prices that TikTok Shop shows equal to what can really be sold."""

__version__ = "0.1.0"
