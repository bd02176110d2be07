"""Runs sql/0122_documents_that_wait.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0122"
down_revision = "0121"


def upgrade() -> None:
    run_sql_file("0122_documents_that_wait.sql")
