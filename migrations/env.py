"""Alembic's entry: writes the upgrade as SQL. `meterai db migrate` runs it (see meterai.kit.migrations)."""

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
