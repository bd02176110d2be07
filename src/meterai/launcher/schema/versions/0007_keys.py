"""Runs sql/0007_keys.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    run_sql_file("0007_keys.sql")
