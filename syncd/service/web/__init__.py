"""The web surface: health, metrics, webhooks, and the way back from an authorize page; in its own thread."""
