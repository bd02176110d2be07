"""The honest apology after an incident: what it did to people and their money, in figures."""
