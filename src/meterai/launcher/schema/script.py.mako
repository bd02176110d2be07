"""Runs sql/${up_revision}_${slug if slug is not UNDEFINED else 'name'}.sql."""

from meterai.launcher.schema.migrate import run_sql_file

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    run_sql_file("${up_revision}_name.sql")
