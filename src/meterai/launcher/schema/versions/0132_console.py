"""Runs sql/0132_console.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0132"
down_revision = "0131"


def upgrade() -> None:
    run_sql_file("0132_console.sql")
