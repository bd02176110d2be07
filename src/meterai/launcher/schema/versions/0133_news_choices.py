"""Runs sql/0133_news_choices.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0133"
down_revision = "0132"


def upgrade() -> None:
    run_sql_file("0133_news_choices.sql")
