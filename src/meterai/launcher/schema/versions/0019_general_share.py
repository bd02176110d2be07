"""Runs sql/0019_general_share.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    run_sql_file("0019_general_share.sql")
