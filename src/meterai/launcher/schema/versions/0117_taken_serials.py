"""Runs sql/0117_taken_serials.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0117"
down_revision = "0116"


def upgrade() -> None:
    run_sql_file("0117_taken_serials.sql")
