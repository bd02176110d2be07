"""Runs sql/0024_one_call_a_step.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    run_sql_file("0024_one_call_a_step.sql")
