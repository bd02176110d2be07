"""Every SQL statement on the tables of the waiting room."""
