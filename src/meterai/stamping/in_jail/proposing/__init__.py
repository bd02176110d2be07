"""Where a stamp belongs on a page: near the place where people sign. Runs in the jail."""
