"""Where a stamp belongs on a page, and what it would cover there. Runs in the jail."""
