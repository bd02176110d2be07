"""Runs sql/0060_notices.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0060"
down_revision = "0059"


def upgrade() -> None:
    run_sql_file("0060_notices.sql")
