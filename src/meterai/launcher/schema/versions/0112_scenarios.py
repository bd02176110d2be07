"""Runs sql/0112_scenarios.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0112"
down_revision = "0111"


def upgrade() -> None:
    run_sql_file("0112_scenarios.sql")
