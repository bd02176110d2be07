"""Runs sql/0004_stamping.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    run_sql_file("0004_stamping.sql")
