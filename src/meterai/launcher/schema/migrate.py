"""Brings a database to the newest schema: plain SQL files, ordered and recorded by Alembic.

Alembic writes the whole upgrade as one script (its offline mode), and asyncpg runs it. Each migration and its
version are one transaction. So the product needs no second driver.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import asyncpg

from meterai.kit.database import connect_alone
from meterai.kit.database_urls import url_as
from meterai.launcher.installed_packages import stale_packages
from meterai.launcher.schema.role_settings import keep_role_settings

FOLDER = Path(__file__).parent
_LOCK = 7_240_815_001  # any number, the same in every release: one migration at a time per database
_LOCK_SECONDS = 5

SITE, WORKER, CONTROLLER = "meterai_site", "meterai_worker", "meterai_controller"
OPERATOR, SIGNER = "meterai_operator", "meterai_signer"
READER, VERIFIER, FOLLOWER = "meterai_reader", "meterai_verifier", "meterai_follower"
CLOSER, CONSOLE = "meterai_closer", "meterai_console"
ROLES = (SITE, WORKER, CONTROLLER, OPERATOR, SIGNER, READER, VERIFIER, FOLLOWER, CLOSER, CONSOLE)

FORMER = "meterai_app"
"""The role that site, worker, controllers and commands shared. Earlier migrations and older copies name
it."""


class NotMigrated(RuntimeError):
    """The database stays at its version. The text says why, and what to do."""


class SchemaIsNewer(NotMigrated):
    """The database was brought to a version that this release doesn't know."""


class PackagesAreStale(NotMigrated):
    """This release can't run with the installed packages. After migrating, the one before could not run
    either."""


class RolesNeedSettings(NotMigrated):
    """An administrator keeps the roles, and they lack settings."""


class ServerIsTaken(NotMigrated):
    """The server's roles belong to another installation. New passwords would shut it out."""


async def migrate(owner_url: str, role_passwords: Mapping[str, str]) -> bool:
    """Makes the login roles, sets their passwords and applies the migrations that are missing.

    `role_passwords`: role -> password, for the roles of `ROLES` that are made here; leave out those that an
    administrator keeps. Returns whether anything was applied.

    Raises:
    - NotMigrated, with nothing changed
    - asyncpg.PostgresError, with the database unchanged from the failing migration on
    - asyncpg's LockNotAvailableError when a table was in use for more than 5 s: start again
    - OSError when the server can't be reached
    """
    connection = await connect_alone(owner_url, application_name="meterai migrate")
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        current = await current_version(connection)
        if current is not None and current > head_version():
            raise SchemaIsNewer(
                f"The database is at version {current}, this release knows {head_version()} at most: "
                "a newer release was here. Start that one, or go back to a copy of the data from before it."
            )
        if current is not None and current < head_version() and (stale := stale_packages()):
            raise PackagesAreStale(
                f"This release would bring the database from version {current} to {head_version()}, but "
                f"could not run afterwards: it needs packages that are not installed ({', '.join(stale)}). "
                "The database stays as it is. Run script/bootstrap in this release's checkout, then run the "
                "command again."
            )
        await _keep_roles(connection, owner_url, role_passwords)
        if current == head_version():
            await _drop_former(connection)
            return False
        await _keep_former(connection)
        # For the session: a migration that waits for a lock blocks everybody behind it.
        await connection.execute(f"SET lock_timeout = '{_LOCK_SECONDS}s'")
        await connection.execute(upgrade_script(current))
        await _drop_former(connection)
        return True
    finally:
        await connection.close()


def head_version() -> str:
    """The newest version, by the names of the files (`0005_operations.py` is version 0005)."""
    return max(path.name.split("_")[0] for path in (FOLDER / "versions").glob("[0-9]*_*.py"))


async def current_version(connection: asyncpg.Connection[asyncpg.Record]) -> str | None:
    """The version a database is at; None before the first migration."""
    if await connection.fetchval("SELECT to_regclass('public.alembic_version')") is None:
        return None
    version: str | None = await connection.fetchval("SELECT version_num FROM public.alembic_version")
    return version


def upgrade_script(current: str | None, target: str = "head") -> str:
    """The SQL that takes a database from `current` to `target`, each migration a transaction of its own."""
    from alembic import command  # slow to import, and needed only when there is something to apply
    from alembic.config import Config

    script = io.StringIO()
    config = Config(output_buffer=script, stdout=io.StringIO())
    config.set_main_option("script_location", str(FOLDER))
    command.upgrade(config, f"{current or 'base'}:{target}", sql=True)
    return script.getvalue()


def run_sql_file(name: str) -> None:
    """Runs `sql/name` in a migration, as it stands; `:` and `%` have no special meaning."""
    from alembic import op

    op.get_context().impl.static_output((FOLDER / "sql" / name).read_text())


async def make_roles(owner_url: str, role_passwords: Mapping[str, str]) -> None:
    """Makes the login roles and sets their passwords, in a database into which a copy will be loaded.

    Raises: NotMigrated, with nothing changed; asyncpg.PostgresError; OSError when the server can't be
    reached.
    """
    connection = await connect_alone(owner_url)
    try:
        await _keep_roles(connection, owner_url, role_passwords)
        await _keep_former(connection)
    finally:
        await connection.close()


async def _keep_roles(
    connection: asyncpg.Connection[asyncpg.Record], owner_url: str, role_passwords: Mapping[str, str]
) -> None:
    await _refuse_roles_of_others(connection, owner_url, role_passwords)
    for role, password in role_passwords.items():
        known = await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role)
        statement = await connection.fetchval(
            "SELECT format('%s ROLE %I LOGIN PASSWORD %L', $1::text, $2::text, $3::text)",
            "ALTER" if known else "CREATE",
            role,
            password,
        )
        await connection.execute(statement)
    if refused := await keep_role_settings(connection, ROLES):
        raise RolesNeedSettings(
            "The owner of the database may not set up these roles. Let their administrator run: "
            f"{' '.join(refused)} Then run the command again."
        )


async def _keep_former(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Makes the role that earlier migrations grant rights to, without a login; takes its login if it has
    one."""
    may_login = await connection.fetchval("SELECT rolcanlogin FROM pg_roles WHERE rolname = $1", FORMER)
    if may_login is None:
        await connection.execute(f"CREATE ROLE {FORMER} NOLOGIN")
    elif may_login:
        with suppress(asyncpg.InsufficientPrivilegeError):  # an administrator keeps it
            await connection.execute(f"ALTER ROLE {FORMER} NOLOGIN PASSWORD NULL")


async def _drop_former(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Drops that role, which has no rights any more. It stays while another database of the server names it,
    or when an administrator keeps it."""
    with suppress(asyncpg.DependentObjectsStillExistError, asyncpg.InsufficientPrivilegeError):
        await connection.execute(f"DROP ROLE IF EXISTS {FORMER}")


async def _refuse_roles_of_others(
    connection: asyncpg.Connection[asyncpg.Record], owner_url: str, role_passwords: Mapping[str, str]
) -> None:
    """Refuses roles that another installation on the server uses: our passwords do not open them.

    Raises: ServerIsTaken.
    """
    rows = await connection.fetch(
        """SELECT r.rolname, min(d.datname) AS database
           FROM pg_shdepend s JOIN pg_roles r ON r.oid = s.refobjid JOIN pg_database d ON d.oid = s.dbid
           WHERE s.refclassid = 'pg_authid'::regclass AND r.rolname = ANY ($1::text[])
               AND d.datname <> current_database()
           GROUP BY r.rolname""",
        list(role_passwords),
    )
    for role, database in rows:
        try:
            url = url_as(owner_url, role, role_passwords[role])
            await (await connect_alone(url, application_name="meterai migrate")).close()
        except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError):
            raise ServerIsTaken(
                f"Another installation uses this server, in its database {database}. The role {role} is the "
                "whole server's, and would be taken from that one. Nothing was changed. Take a server for "
                f"each installation (METERAI_DATABASE_URL). If nobody uses {database} any more, drop it "
                "first."
            ) from None
        except asyncpg.InsufficientPrivilegeError:
            pass  # the password was right, and the role may not connect to this database yet
