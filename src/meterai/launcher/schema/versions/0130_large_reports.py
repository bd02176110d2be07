"""Runs sql/0130_large_reports.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0130"
down_revision = "0129"


def upgrade() -> None:
    run_sql_file("0130_large_reports.sql")
