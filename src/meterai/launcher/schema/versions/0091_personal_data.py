"""Runs sql/0091_personal_data.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0091"
down_revision = "0090"


def upgrade() -> None:
    run_sql_file("0091_personal_data.sql")
