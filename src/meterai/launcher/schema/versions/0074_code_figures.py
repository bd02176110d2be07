"""Runs sql/0074_code_figures.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0074"
down_revision = "0073"


def upgrade() -> None:
    run_sql_file("0074_code_figures.sql")
