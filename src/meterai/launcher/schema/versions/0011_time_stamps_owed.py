"""Runs sql/0011_time_stamps_owed.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    run_sql_file("0011_time_stamps_owed.sql")
