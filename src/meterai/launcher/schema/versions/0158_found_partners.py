"""Runs sql/0158_found_partners.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0158"
down_revision = "0157"


def upgrade() -> None:
    run_sql_file("0158_found_partners.sql")
