"""Runs sql/0124_accounting.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0124"
down_revision = "0123"


def upgrade() -> None:
    run_sql_file("0124_accounting.sql")
