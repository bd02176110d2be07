"""Runs sql/0021_given_up_orders.sql."""

from meterai.kit.migrations import run_sql_file

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    run_sql_file("0021_given_up_orders.sql")
