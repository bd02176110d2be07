"""Runs sql/0021_as_read.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    run_sql_file("0021_as_read.sql")
