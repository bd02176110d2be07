"""Runs sql/0037_session_proof.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    run_sql_file("0037_session_proof.sql")
