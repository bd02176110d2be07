"""Runs sql/0077_compared_pages.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0077"
down_revision = "0076"


def upgrade() -> None:
    run_sql_file("0077_compared_pages.sql")
