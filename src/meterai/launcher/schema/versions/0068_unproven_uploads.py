"""Runs sql/0068_unproven_uploads.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0068"
down_revision = "0067"


def upgrade() -> None:
    run_sql_file("0068_unproven_uploads.sql")
