"""Runs sql/0040_outbox_without_messages.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    run_sql_file("0040_outbox_without_messages.sql")
