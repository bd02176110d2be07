"""Runs sql/0137_apology.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0137"
down_revision = "0136"


def upgrade() -> None:
    run_sql_file("0137_apology.sql")
