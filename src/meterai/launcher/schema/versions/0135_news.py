"""Runs sql/0135_news.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0135"
down_revision = "0134"


def upgrade() -> None:
    run_sql_file("0135_news.sql")
