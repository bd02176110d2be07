"""Runs sql/0059_stamp_bookings.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0059"
down_revision = "0058"


def upgrade() -> None:
    run_sql_file("0059_stamp_bookings.sql")
