"""Runs sql/0151_dated_prices.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0151"
down_revision = "0150"


def upgrade() -> None:
    run_sql_file("0151_dated_prices.sql")
