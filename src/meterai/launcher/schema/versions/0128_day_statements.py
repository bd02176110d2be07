"""Runs sql/0128_day_statements.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0128"
down_revision = "0127"


def upgrade() -> None:
    run_sql_file("0128_day_statements.sql")
