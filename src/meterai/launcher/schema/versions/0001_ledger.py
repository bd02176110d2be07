"""Runs sql/0001_ledger.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0001"
down_revision = None


def upgrade() -> None:
    run_sql_file("0001_ledger.sql")
