"""What watches over the whole house: sees every context, read-only."""
