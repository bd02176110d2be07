"""Runs sql/0150_refunds_by_hand.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0150"
down_revision = "0149"


def upgrade() -> None:
    run_sql_file("0150_refunds_by_hand.sql")
