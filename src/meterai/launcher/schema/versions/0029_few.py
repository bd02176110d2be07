"""Runs sql/0029_few.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    run_sql_file("0029_few.sql")
