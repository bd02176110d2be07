"""The schema of the database: plain SQL files, one for each change, in their order."""
