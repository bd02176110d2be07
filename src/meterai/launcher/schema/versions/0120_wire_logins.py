"""Runs sql/0120_wire_logins.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0120"
down_revision = "0119"


def upgrade() -> None:
    run_sql_file("0120_wire_logins.sql")
