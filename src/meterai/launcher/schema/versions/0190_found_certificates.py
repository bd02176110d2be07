"""Runs sql/0190_found_certificates.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0190"
down_revision = "0158"


def upgrade() -> None:
    run_sql_file("0190_found_certificates.sql")
