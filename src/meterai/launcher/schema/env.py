"""Alembic's entry: writes the upgrade as SQL for `meterai db migrate` (see migrate.py)."""

from alembic import context

if not context.is_offline_mode():
    raise SystemExit("Migrations run by `meterai db migrate`; here only `alembic upgrade ... --sql` works.")

context.configure(
    dialect_name="postgresql",
    version_table_schema="public",
    transactional_ddl=True,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
