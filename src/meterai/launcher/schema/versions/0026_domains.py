"""Runs sql/0026_domains.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    run_sql_file("0026_domains.sql")
