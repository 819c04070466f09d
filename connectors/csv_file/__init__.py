"""Stock files: any dialect that spreadsheets and ERPs write."""
