"""Runs sql/0083_news_of_refunds.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0083"
down_revision = "0082"


def upgrade() -> None:
    run_sql_file("0083_news_of_refunds.sql")
