"""Runs sql/0053_bookings.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0053"
down_revision = "0052"


def upgrade() -> None:
    run_sql_file("0053_bookings.sql")
