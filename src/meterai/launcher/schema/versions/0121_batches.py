"""Runs sql/0121_batches.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0121"
down_revision = "0120"


def upgrade() -> None:
    run_sql_file("0121_batches.sql")
