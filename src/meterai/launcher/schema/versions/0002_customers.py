"""Runs sql/0002_customers.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run_sql_file("0002_customers.sql")
