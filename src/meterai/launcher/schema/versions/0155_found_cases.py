"""Runs sql/0155_found_cases.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0155"
down_revision = "0154"


def upgrade() -> None:
    run_sql_file("0155_found_cases.sql")
