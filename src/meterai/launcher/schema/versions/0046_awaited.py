"""Runs sql/0046_awaited.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0046"
down_revision = "0045"


def upgrade() -> None:
    run_sql_file("0046_awaited.sql")
