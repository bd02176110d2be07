"""Runs sql/0078_stamped_before.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0078"
down_revision = "0077"


def upgrade() -> None:
    run_sql_file("0078_stamped_before.sql")
