"""Runs sql/0054_releases.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0054"
down_revision = "0053"


def upgrade() -> None:
    run_sql_file("0054_releases.sql")
