"""What pages, the API and other contexts read about partners."""
