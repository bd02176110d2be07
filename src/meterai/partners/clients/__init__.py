"""The clients of the API: programs of partners, their keys, scopes and caps."""
