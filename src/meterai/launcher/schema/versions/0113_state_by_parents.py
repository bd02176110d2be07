"""Runs sql/0113_state_by_parents.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0113"
down_revision = "0112"


def upgrade() -> None:
    run_sql_file("0113_state_by_parents.sql")
