"""What clients of the API asked for lately, and how much they use by day."""
