"""What an operator may ask of operations."""
