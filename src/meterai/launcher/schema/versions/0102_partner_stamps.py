"""Runs sql/0102_partner_stamps.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0102"
down_revision = "0101"


def upgrade() -> None:
    run_sql_file("0102_partner_stamps.sql")
