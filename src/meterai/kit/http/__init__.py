"""HTTP on both sides: calls to outside services, and what all our servers have in common."""
