"""Runs sql/0162_entered_events.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0162"
down_revision = "0161"


def upgrade() -> None:
    run_sql_file("0162_entered_events.sql")
