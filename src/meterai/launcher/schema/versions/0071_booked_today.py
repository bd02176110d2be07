"""Runs sql/0071_booked_today.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0071"
down_revision = "0070"


def upgrade() -> None:
    run_sql_file("0071_booked_today.sql")
