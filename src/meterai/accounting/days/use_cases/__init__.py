"""What can be done with a day."""
