"""What a door may ask of verification."""
