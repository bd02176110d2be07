"""Runs sql/0049_reminders_in_order.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0049"
down_revision = "0048"


def upgrade() -> None:
    run_sql_file("0049_reminders_in_order.sql")
