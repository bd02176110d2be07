"""Runs sql/0015_cheaper_steps.sql."""

from meterai.kit.migrations import run_sql_file

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    run_sql_file("0015_cheaper_steps.sql")
