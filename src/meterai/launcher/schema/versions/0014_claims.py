"""Runs sql/0014_claims.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    run_sql_file("0014_claims.sql")
