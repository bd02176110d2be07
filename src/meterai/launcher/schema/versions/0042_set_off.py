"""Runs sql/0042_set_off.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    run_sql_file("0042_set_off.sql")
