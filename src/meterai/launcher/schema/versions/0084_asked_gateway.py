"""Runs sql/0084_asked_gateway.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0084"
down_revision = "0083"


def upgrade() -> None:
    run_sql_file("0084_asked_gateway.sql")
