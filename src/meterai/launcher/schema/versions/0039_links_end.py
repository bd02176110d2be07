"""Runs sql/0039_links_end.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    run_sql_file("0039_links_end.sql")
