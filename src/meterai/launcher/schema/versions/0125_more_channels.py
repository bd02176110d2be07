"""Runs sql/0125_more_channels.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0125"
down_revision = "0124"


def upgrade() -> None:
    run_sql_file("0125_more_channels.sql")
