"""Runs sql/0131_message_attempts.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0131"
down_revision = "0130"


def upgrade() -> None:
    run_sql_file("0131_message_attempts.sql")
