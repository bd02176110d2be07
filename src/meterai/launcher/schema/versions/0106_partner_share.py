"""Runs sql/0106_partner_share.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0106"
down_revision = "0105"


def upgrade() -> None:
    run_sql_file("0106_partner_share.sql")
