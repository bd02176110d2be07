"""Runs sql/0082_one_form_one_order.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0082"
down_revision = "0081"


def upgrade() -> None:
    run_sql_file("0082_one_form_one_order.sql")
