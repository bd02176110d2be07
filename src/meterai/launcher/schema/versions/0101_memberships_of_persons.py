"""Runs sql/0101_memberships_of_persons.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0101"
down_revision = "0100"


def upgrade() -> None:
    run_sql_file("0101_memberships_of_persons.sql")
