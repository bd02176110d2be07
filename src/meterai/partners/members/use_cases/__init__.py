"""What owners and members do about memberships."""
