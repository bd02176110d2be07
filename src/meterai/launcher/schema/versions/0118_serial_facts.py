"""Runs sql/0118_serial_facts.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0118"
down_revision = "0117"


def upgrade() -> None:
    run_sql_file("0118_serial_facts.sql")
