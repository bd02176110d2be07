"""Runs sql/0024_one_call_a_step.sql."""

from meterai.kit.migrations import run_sql_file

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    run_sql_file("0024_one_call_a_step.sql")
