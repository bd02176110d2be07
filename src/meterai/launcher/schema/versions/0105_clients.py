"""Runs sql/0105_clients.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0105"
down_revision = "0104"


def upgrade() -> None:
    run_sql_file("0105_clients.sql")
