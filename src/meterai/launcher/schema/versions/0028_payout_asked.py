"""Runs sql/0028_payout_asked.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    run_sql_file("0028_payout_asked.sql")
