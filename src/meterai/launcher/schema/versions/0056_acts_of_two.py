"""Runs sql/0056_acts_of_two.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0056"
down_revision = "0055"


def upgrade() -> None:
    run_sql_file("0056_acts_of_two.sql")
