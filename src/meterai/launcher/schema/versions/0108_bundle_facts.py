"""Runs sql/0108_bundle_facts.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0108"
down_revision = "0107"


def upgrade() -> None:
    run_sql_file("0108_bundle_facts.sql")
