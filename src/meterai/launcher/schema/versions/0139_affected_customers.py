"""Runs sql/0139_affected_customers.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0139"
down_revision = "0138"


def upgrade() -> None:
    run_sql_file("0139_affected_customers.sql")
