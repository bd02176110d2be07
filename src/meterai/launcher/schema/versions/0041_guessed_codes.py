"""Runs sql/0041_guessed_codes.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    run_sql_file("0041_guessed_codes.sql")
