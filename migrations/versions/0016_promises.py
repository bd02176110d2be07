"""Runs sql/0016_promises.sql."""

from meterai.kit.migrations import run_sql_file

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    run_sql_file("0016_promises.sql")
