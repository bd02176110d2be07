"""Runs sql/0045_set_off.sql."""

from meterai.kit.migrations import run_sql_file

revision = "0045"
down_revision = "0043"


def upgrade() -> None:
    run_sql_file("0045_set_off.sql")
