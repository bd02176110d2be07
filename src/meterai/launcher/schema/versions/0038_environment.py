"""Runs sql/0038_environment.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    run_sql_file("0038_environment.sql")
