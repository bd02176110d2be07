"""Runs sql/0146_console_queue_acts.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0146"
down_revision = "0145"


def upgrade() -> None:
    run_sql_file("0146_console_queue_acts.sql")
