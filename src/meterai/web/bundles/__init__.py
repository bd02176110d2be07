"""Pages on which people stamp many documents at once."""
