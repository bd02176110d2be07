"""Runs sql/0159_console_partner_acts.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0159"
down_revision = "0158"


def upgrade() -> None:
    run_sql_file("0159_console_partner_acts.sql")
