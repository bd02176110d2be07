"""Runs sql/0111_bundle_ends.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0111"
down_revision = "0110"


def upgrade() -> None:
    run_sql_file("0111_bundle_ends.sql")
