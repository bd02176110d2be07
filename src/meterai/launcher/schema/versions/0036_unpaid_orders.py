"""Runs sql/0036_unpaid_orders.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    run_sql_file("0036_unpaid_orders.sql")
