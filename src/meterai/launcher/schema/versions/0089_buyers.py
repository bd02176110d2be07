"""Runs sql/0089_buyers.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0089"
down_revision = "0088"


def upgrade() -> None:
    run_sql_file("0089_buyers.sql")
