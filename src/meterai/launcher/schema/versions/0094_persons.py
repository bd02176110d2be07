"""Runs sql/0094_persons.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0094"
down_revision = "0093"


def upgrade() -> None:
    run_sql_file("0094_persons.sql")
