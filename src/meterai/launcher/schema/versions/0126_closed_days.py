"""Runs sql/0126_closed_days.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0126"
down_revision = "0125"


def upgrade() -> None:
    run_sql_file("0126_closed_days.sql")
