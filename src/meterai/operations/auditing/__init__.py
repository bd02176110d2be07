"""The audit trail, checked from its first entry to its head, and its head outside of the database."""
