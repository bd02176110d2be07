"""Runs sql/0123_reads_of_taken_serials.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0123"
down_revision = "0122"


def upgrade() -> None:
    run_sql_file("0123_reads_of_taken_serials.sql")
