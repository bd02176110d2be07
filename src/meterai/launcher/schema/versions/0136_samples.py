"""Runs sql/0136_samples.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0136"
down_revision = "0135"


def upgrade() -> None:
    run_sql_file("0136_samples.sql")
