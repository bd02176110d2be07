"""Runs sql/0144_orders_in_hand.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0144"
down_revision = "0143"


def upgrade() -> None:
    run_sql_file("0144_orders_in_hand.sql")
