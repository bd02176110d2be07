"""Runs sql/0051_languages.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0051"
down_revision = "0050"


def upgrade() -> None:
    run_sql_file("0051_languages.sql")
