"""Runs sql/0057_made_codes.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0057"
down_revision = "0056"


def upgrade() -> None:
    run_sql_file("0057_made_codes.sql")
