"""Runs sql/0161_console_book_acts.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0161"
down_revision = "0160"


def upgrade() -> None:
    run_sql_file("0161_console_book_acts.sql")
