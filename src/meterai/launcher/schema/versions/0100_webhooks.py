"""Runs sql/0100_webhooks.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0100"
down_revision = "0099"


def upgrade() -> None:
    run_sql_file("0100_webhooks.sql")
