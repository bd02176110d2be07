"""Runs sql/0098_blocks.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0098"
down_revision = "0097"


def upgrade() -> None:
    run_sql_file("0098_blocks.sql")
