"""Runs sql/0076_normalised_uploads.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0076"
down_revision = "0075"


def upgrade() -> None:
    run_sql_file("0076_normalised_uploads.sql")
