"""What people see of a stamp."""
