"""What several operator commands share."""
