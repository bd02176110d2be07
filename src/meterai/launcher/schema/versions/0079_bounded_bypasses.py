"""Runs sql/0079_bounded_bypasses.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0079"
down_revision = "0078"


def upgrade() -> None:
    run_sql_file("0079_bounded_bypasses.sql")
