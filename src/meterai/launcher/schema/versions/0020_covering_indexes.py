"""Runs sql/0020_covering_indexes.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    run_sql_file("0020_covering_indexes.sql")
