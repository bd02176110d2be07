"""Runs sql/0005_operations.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    run_sql_file("0005_operations.sql")
