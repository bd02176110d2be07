"""Runs sql/0058_acts_of_two.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0058"
down_revision = "0057"


def upgrade() -> None:
    run_sql_file("0058_acts_of_two.sql")
