"""Runs sql/0160_traces.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0160"
down_revision = "0159"


def upgrade() -> None:
    run_sql_file("0160_traces.sql")
