"""Runs sql/0073_country_codes.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0073"
down_revision = "0072"


def upgrade() -> None:
    run_sql_file("0073_country_codes.sql")
