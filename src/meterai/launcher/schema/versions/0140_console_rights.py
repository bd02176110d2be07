"""Runs sql/0140_console_rights.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0140"
down_revision = "0139"


def upgrade() -> None:
    run_sql_file("0140_console_rights.sql")
