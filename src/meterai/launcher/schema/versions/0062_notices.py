"""Runs sql/0062_notices.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0062"
down_revision = "0061"


def upgrade() -> None:
    run_sql_file("0062_notices.sql")
