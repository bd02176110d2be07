"""Runs sql/0066_price_list.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0066"
down_revision = "0065"


def upgrade() -> None:
    run_sql_file("0066_price_list.sql")
