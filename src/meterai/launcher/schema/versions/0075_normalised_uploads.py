"""Runs sql/0075_normalised_uploads.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0075"
down_revision = "0074"


def upgrade() -> None:
    run_sql_file("0075_normalised_uploads.sql")
