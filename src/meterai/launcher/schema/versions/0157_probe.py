"""Runs sql/0157_probe.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0157"
down_revision = "0156"


def upgrade() -> None:
    run_sql_file("0157_probe.sql")
