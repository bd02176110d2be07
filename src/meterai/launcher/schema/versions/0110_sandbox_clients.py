"""Runs sql/0110_sandbox_clients.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0110"
down_revision = "0109"


def upgrade() -> None:
    run_sql_file("0110_sandbox_clients.sql")
