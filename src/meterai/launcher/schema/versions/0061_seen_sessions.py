"""Runs sql/0061_seen_sessions.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0061"
down_revision = "0060"


def upgrade() -> None:
    run_sql_file("0061_seen_sessions.sql")
