"""What the API can do, a file for each kind of thing."""
