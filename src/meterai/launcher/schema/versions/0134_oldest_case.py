"""Runs sql/0134_oldest_case.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0134"
down_revision = "0133"


def upgrade() -> None:
    run_sql_file("0134_oldest_case.sql")
