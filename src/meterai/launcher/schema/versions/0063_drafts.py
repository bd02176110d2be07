"""Runs sql/0063_drafts.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0063"
down_revision = "0062"


def upgrade() -> None:
    run_sql_file("0063_drafts.sql")
