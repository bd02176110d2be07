"""Runs sql/0090_bundle_looks.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0090"
down_revision = "0089"


def upgrade() -> None:
    run_sql_file("0090_bundle_looks.sql")
