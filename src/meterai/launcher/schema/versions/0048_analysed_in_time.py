"""Runs sql/0048_analysed_in_time.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0048"
down_revision = "0047"


def upgrade() -> None:
    run_sql_file("0048_analysed_in_time.sql")
