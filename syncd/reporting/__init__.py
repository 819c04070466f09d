"""Reports as text, JSON and CSV; rendering only, no decisions."""
