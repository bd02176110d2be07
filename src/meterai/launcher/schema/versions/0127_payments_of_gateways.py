"""Runs sql/0127_payments_of_gateways.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0127"
down_revision = "0126"


def upgrade() -> None:
    run_sql_file("0127_payments_of_gateways.sql")
