"""Runs sql/0064_rights_by_process.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0064"
down_revision = "0063"


def upgrade() -> None:
    run_sql_file("0064_rights_by_process.sql")
