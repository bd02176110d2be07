"""Runs sql/0138_news_messages.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0138"
down_revision = "0137"


def upgrade() -> None:
    run_sql_file("0138_news_messages.sql")
