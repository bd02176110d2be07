"""`meterai backup` and `meterai restore`."""
