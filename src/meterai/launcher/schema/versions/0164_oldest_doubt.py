"""Runs sql/0164_oldest_doubt.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0164"
down_revision = "0163"


def upgrade() -> None:
    run_sql_file("0164_oldest_doubt.sql")
