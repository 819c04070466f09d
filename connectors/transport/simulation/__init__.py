"""What simulated shops share: an HTTP server on loopback, typed reading, a journal, scripted faults."""
