"""Runs sql/0080_photos.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0080"
down_revision = "0079"


def upgrade() -> None:
    run_sql_file("0080_photos.sql")
