"""Runs sql/0156_several_signers.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0156"
down_revision = "0155"


def upgrade() -> None:
    run_sql_file("0156_several_signers.sql")
