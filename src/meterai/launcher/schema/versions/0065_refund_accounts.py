"""Runs sql/0065_refund_accounts.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0065"
down_revision = "0064"


def upgrade() -> None:
    run_sql_file("0065_refund_accounts.sql")
