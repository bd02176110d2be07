"""Runs sql/0047_config.sql."""

from meterai.kit.migrations import run_sql_file

revision = "0047"
down_revision = "0046"


def upgrade() -> None:
    run_sql_file("0047_config.sql")
