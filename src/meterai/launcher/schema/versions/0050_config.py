"""Runs sql/0050_config.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0050"
down_revision = "0049"


def upgrade() -> None:
    run_sql_file("0050_config.sql")
