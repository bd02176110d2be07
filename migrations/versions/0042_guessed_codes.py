"""Runs sql/0042_guessed_codes.sql."""

from meterai.kit.migrations import run_sql_file

revision = "0042"
down_revision = "0047"


def upgrade() -> None:
    run_sql_file("0042_guessed_codes.sql")
