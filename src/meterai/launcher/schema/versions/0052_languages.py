"""Runs sql/0052_languages.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0052"
down_revision = "0051"


def upgrade() -> None:
    run_sql_file("0052_languages.sql")
