"""Runs sql/0152_requests_in_console.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0152"
down_revision = "0151"


def upgrade() -> None:
    run_sql_file("0152_requests_in_console.sql")
