"""Runs sql/0008_profiles.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    run_sql_file("0008_profiles.sql")
