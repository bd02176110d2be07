"""Runs sql/0015_cheaper_steps.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    run_sql_file("0015_cheaper_steps.sql")
