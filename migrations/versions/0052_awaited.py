"""Runs sql/0052_awaited.sql."""

from meterai.kit.migrations import run_sql_file

revision = "0052"
down_revision = "0051"


def upgrade() -> None:
    run_sql_file("0052_awaited.sql")
