"""Runs sql/0109_invitations.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0109"
down_revision = "0108"


def upgrade() -> None:
    run_sql_file("0109_invitations.sql")
