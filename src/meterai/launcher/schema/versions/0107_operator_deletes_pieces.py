"""Runs sql/0107_operator_deletes_pieces.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0107"
down_revision = "0106"


def upgrade() -> None:
    run_sql_file("0107_operator_deletes_pieces.sql")
