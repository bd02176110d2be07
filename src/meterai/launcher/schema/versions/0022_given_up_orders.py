"""Runs sql/0022_given_up_orders.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    run_sql_file("0022_given_up_orders.sql")
