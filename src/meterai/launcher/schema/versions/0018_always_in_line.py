"""Runs sql/0018_always_in_line.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    run_sql_file("0018_always_in_line.sql")
