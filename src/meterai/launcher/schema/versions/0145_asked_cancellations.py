"""Runs sql/0145_asked_cancellations.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0145"
down_revision = "0144"


def upgrade() -> None:
    run_sql_file("0145_asked_cancellations.sql")
