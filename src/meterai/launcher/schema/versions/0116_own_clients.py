"""Runs sql/0116_own_clients.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0116"
down_revision = "0115"


def upgrade() -> None:
    run_sql_file("0116_own_clients.sql")
