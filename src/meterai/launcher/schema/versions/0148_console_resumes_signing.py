"""Runs sql/0148_console_resumes_signing.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0148"
down_revision = "0147"


def upgrade() -> None:
    run_sql_file("0148_console_resumes_signing.sql")
