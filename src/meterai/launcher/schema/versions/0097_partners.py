"""Runs sql/0097_partners.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0097"
down_revision = "0096"


def upgrade() -> None:
    run_sql_file("0097_partners.sql")
