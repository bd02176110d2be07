"""Runs sql/0143_officer_factors.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0143"
down_revision = "0142"


def upgrade() -> None:
    run_sql_file("0143_officer_factors.sql")
