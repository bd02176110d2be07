"""Runs sql/0055_audit_chain.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0055"
down_revision = "0054"


def upgrade() -> None:
    run_sql_file("0055_audit_chain.sql")
