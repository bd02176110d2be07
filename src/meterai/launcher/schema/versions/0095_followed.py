"""Runs sql/0095_followed.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0095"
down_revision = "0094"


def upgrade() -> None:
    run_sql_file("0095_followed.sql")
