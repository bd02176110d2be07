"""Runs sql/0085_event_names.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0085"
down_revision = "0084"


def upgrade() -> None:
    run_sql_file("0085_event_names.sql")
