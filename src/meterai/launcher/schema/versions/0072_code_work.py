"""Runs sql/0072_code_work.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0072"
down_revision = "0071"


def upgrade() -> None:
    run_sql_file("0072_code_work.sql")
