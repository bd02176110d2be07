"""Runs sql/0070_no_common_role.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0070"
down_revision = "0069"


def upgrade() -> None:
    run_sql_file("0070_no_common_role.sql")
