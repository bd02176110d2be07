"""Read-only answers about sales, for doors and for other contexts."""
