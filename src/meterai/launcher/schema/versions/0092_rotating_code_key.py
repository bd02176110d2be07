"""Runs sql/0092_rotating_code_key.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0092"
down_revision = "0091"


def upgrade() -> None:
    run_sql_file("0092_rotating_code_key.sql")
