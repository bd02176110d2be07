"""Pages on which people place stamps."""
