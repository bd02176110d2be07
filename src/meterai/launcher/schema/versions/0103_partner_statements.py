"""Runs sql/0103_partner_statements.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0103"
down_revision = "0102"


def upgrade() -> None:
    run_sql_file("0103_partner_statements.sql")
