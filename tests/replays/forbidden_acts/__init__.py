"""What a captured process must not be able to do, one module for each schema.

Each module has a list `ACTS`. `tests/replays/test_database_roles.py` tries every act as every login role that
is not named in `may`.
"""
