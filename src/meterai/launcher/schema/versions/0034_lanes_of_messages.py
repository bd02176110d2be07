"""Runs sql/0034_lanes_of_messages.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    run_sql_file("0034_lanes_of_messages.sql")
