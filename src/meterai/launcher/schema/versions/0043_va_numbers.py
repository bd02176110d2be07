"""Runs sql/0043_va_numbers.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    run_sql_file("0043_va_numbers.sql")
