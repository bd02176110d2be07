"""Runs sql/0081_cases.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0081"
down_revision = "0080"


def upgrade() -> None:
    run_sql_file("0081_cases.sql")
