"""Runs sql/0033_names_of_definers.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    run_sql_file("0033_names_of_definers.sql")
