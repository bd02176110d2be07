"""The account's journey: signing in, contacts, my stamps."""
