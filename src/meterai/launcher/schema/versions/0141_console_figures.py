"""Runs sql/0141_console_figures.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0141"
down_revision = "0140"


def upgrade() -> None:
    run_sql_file("0141_console_figures.sql")
