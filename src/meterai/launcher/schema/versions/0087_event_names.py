"""Runs sql/0087_event_names.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0087"
down_revision = "0086"


def upgrade() -> None:
    run_sql_file("0087_event_names.sql")
