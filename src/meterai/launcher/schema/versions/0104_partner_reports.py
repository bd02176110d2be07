"""Runs sql/0104_partner_reports.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0104"
down_revision = "0103"


def upgrade() -> None:
    run_sql_file("0104_partner_reports.sql")
