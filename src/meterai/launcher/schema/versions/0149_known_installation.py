"""Runs sql/0149_known_installation.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0149"
down_revision = "0148"


def upgrade() -> None:
    run_sql_file("0149_known_installation.sql")
