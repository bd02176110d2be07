"""Runs sql/0093_last_backup.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0093"
down_revision = "0092"


def upgrade() -> None:
    run_sql_file("0093_last_backup.sql")
