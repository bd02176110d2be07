"""Runs sql/0086_event_names.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0086"
down_revision = "0085"


def upgrade() -> None:
    run_sql_file("0086_event_names.sql")
