"""Runs sql/0013_waiting_room.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    run_sql_file("0013_waiting_room.sql")
