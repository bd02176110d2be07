"""Pages of the account: signing in, contacts, my stamps."""
