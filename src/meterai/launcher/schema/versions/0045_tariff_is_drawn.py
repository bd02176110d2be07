"""Runs sql/0045_tariff_is_drawn.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    run_sql_file("0045_tariff_is_drawn.sql")
