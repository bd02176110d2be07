"""Runs sql/0099_bundle_parts.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0099"
down_revision = "0098"


def upgrade() -> None:
    run_sql_file("0099_bundle_parts.sql")
