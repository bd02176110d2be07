"""Runs sql/0163_found_certificates.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0163"
down_revision = "0162"


def upgrade() -> None:
    run_sql_file("0163_found_certificates.sql")
