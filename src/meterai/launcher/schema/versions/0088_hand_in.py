"""Runs sql/0088_hand_in.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0088"
down_revision = "0087"


def upgrade() -> None:
    run_sql_file("0088_hand_in.sql")
