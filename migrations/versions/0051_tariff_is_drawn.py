"""Runs sql/0051_tariff_is_drawn.sql."""

from meterai.kit.migrations import run_sql_file

revision = "0051"
down_revision = "0039"


def upgrade() -> None:
    run_sql_file("0051_tariff_is_drawn.sql")
