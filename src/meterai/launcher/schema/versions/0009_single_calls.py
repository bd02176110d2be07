"""Runs sql/0009_single_calls.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    run_sql_file("0009_single_calls.sql")
