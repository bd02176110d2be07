"""Runs sql/0142_console_acts.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0142"
down_revision = "0141"


def upgrade() -> None:
    run_sql_file("0142_console_acts.sql")
