"""Runs sql/0096_keyed_requests.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0096"
down_revision = "0095"


def upgrade() -> None:
    run_sql_file("0096_keyed_requests.sql")
