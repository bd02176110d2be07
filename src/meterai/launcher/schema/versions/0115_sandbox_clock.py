"""Runs sql/0115_sandbox_clock.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0115"
down_revision = "0114"


def upgrade() -> None:
    run_sql_file("0115_sandbox_clock.sql")
