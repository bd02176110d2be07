"""Runs sql/0154_enrolment_by_passkey.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = "0154"
down_revision = "0153"


def upgrade() -> None:
    run_sql_file("0154_enrolment_by_passkey.sql")
