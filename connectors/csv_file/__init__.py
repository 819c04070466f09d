"""Stock files of any kind that spreadsheets, ERPs and other programs write, here or on a server."""
