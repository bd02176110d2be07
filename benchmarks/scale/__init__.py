"""How many orders a second small hosts finish, until PostgreSQL is full, and where it is full."""
