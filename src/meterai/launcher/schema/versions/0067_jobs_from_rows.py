"""Runs sql/0067_jobs_from_rows.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0067"
down_revision = "0066"


def upgrade() -> None:
    run_sql_file("0067_jobs_from_rows.sql")
