"""Runs sql/0030_later_versions.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    run_sql_file("0030_later_versions.sql")
