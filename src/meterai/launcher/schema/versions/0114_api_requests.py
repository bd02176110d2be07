"""Runs sql/0114_api_requests.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0114"
down_revision = "0113"


def upgrade() -> None:
    run_sql_file("0114_api_requests.sql")
