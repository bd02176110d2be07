"""Runs sql/0035_plan_of_accounts.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    run_sql_file("0035_plan_of_accounts.sql")
