"""Runs sql/0069_jobs_from_rows.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0069"
down_revision = "0068"


def upgrade() -> None:
    run_sql_file("0069_jobs_from_rows.sql")
