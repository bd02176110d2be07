"""Runs sql/0119_keys_for_hashes.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0119"
down_revision = "0118"


def upgrade() -> None:
    run_sql_file("0119_keys_for_hashes.sql")
