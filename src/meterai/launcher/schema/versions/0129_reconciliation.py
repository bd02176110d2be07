"""Runs sql/0129_reconciliation.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0129"
down_revision = "0128"


def upgrade() -> None:
    run_sql_file("0129_reconciliation.sql")
