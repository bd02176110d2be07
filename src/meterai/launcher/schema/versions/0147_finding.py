"""Runs sql/0147_finding.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0147"
down_revision = "0146"


def upgrade() -> None:
    run_sql_file("0147_finding.sql")
