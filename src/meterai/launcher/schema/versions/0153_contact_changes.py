"""Runs sql/0153_contact_changes.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0153"
down_revision = "0152"


def upgrade() -> None:
    run_sql_file("0153_contact_changes.sql")
