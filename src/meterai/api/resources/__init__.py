"""What partners work with: a file for each resource. Its handlers stand in ROUTES at its end."""
