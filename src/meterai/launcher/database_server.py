"""The database of a launch: the embedded one, or the one that METERAI_DATABASE_URL names."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Final

import asyncpg

from meterai.kit.child_processes import exit_of
from meterai.kit.database import connect_alone
from meterai.kit.database_urls import DATABASE, ROLES, Role, role_url
from meterai.kit.installation_id import AnotherInstallation, belong, read_id
from meterai.kit.installation_secrets import Secrets
from meterai.kit.settings import Settings
from meterai.launcher.embedded_postgres import EmbeddedPostgres, PostgresFailed, has_cluster
from meterai.launcher.schema.migrate import current_version, make_roles, migrate

Report = Callable[[str], None]

_AGAIN_SECONDS: Final = 5.0
_LONG_SECONDS: Final = 15.0
_LOOK_SECONDS: Final = 5.0
_LOOKS: Final = 3
"""How often in a row a server must seem to stand still: after a crash it does for some seconds."""
_CONNECTIONS_MIN = 60
_CONNECTIONS_OF_OTHERS = 5
"""Of the signer and of each controller."""
_SPARE = 20
"""For commands, and for the connections that the server reserves."""


class DatabaseServer:
    """The embedded database, or the one that METERAI_DATABASE_URL names.

    `may_make`: a missing database may be made. An installation that had one must not get a new one: its disk
    may not be mounted, and it would sell and sign as if nothing had been.
    """

    def __init__(self, settings: Settings, secrets: Secrets, *, may_make: bool) -> None:
        self._settings = settings
        self._secrets = secrets
        self._folder = settings.data / "postgres"
        self._may_make = may_make
        self._embedded: EmbeddedPostgres | None = None

    @property
    def owner_url(self) -> str:
        """The owner's URL, for migrations. Call it after `start`."""
        return self._embedded.url(DATABASE) if self._embedded else self._settings.database_url

    @property
    def socket_folder(self) -> str:
        """The folder of the embedded server's socket; empty when there is none."""
        return self._embedded.socket_folder if self._embedded else ""

    def start(self, port: int) -> None:
        """Starts the embedded server; `make_ready` waits for it. Raises: PostgresFailed, OSError."""
        if self._settings.database_url:
            return
        if not self._may_make:
            self._refuse_missing()
        self._embedded = EmbeddedPostgres(
            self._folder,
            password=self._secrets.database_owner,
            settings={"max_connections": str(_connections_of(self._settings))},
            log=self._settings.data / "logs" / "postgres.log",
        )
        self._embedded.launch(port)

    async def exists(self) -> bool:
        """Whether there is a database. Call it before `start`. Raises: asyncpg.PostgresError, OSError."""
        if not self._settings.database_url:
            return has_cluster(self._folder)
        return await _has_schema(self._settings.database_url)

    async def make_ready(self, report: Report = lambda _: None) -> bool:
        """Makes the database, the roles and the newest schema; returns whether the schema changed.

        Raises: PostgresFailed, AnotherInstallation (see `_refuse_another`), asyncpg.PostgresError, OSError.
        """
        await self._make_database(report)
        has_schema = await _has_schema(self.owner_url)
        if not self._may_make and not has_schema:
            raise PostgresFailed(self._missing())
        if has_schema:
            await self._refuse_another()
        changed = await migrate(self.owner_url, self._our_roles())
        found = await installation_of(self.owner_url)
        assert found is not None, "the schema makes one"
        belong(self._settings.data, found, where="the database")
        return changed

    async def _refuse_another(self) -> None:
        """Refuses a data directory that does not belong to the installation in the database.

        One without an id belongs to it when it has the passwords of the roles, as after a restore.

        Raises: AnotherInstallation, with nothing written.
        """
        found = await installation_of(self.owner_url)
        if read_id(self._settings.data) is None:
            if await self._opens_roles():
                return
            raise AnotherInstallation(
                f"METERAI_DATA: {self._settings.data} is new, and the database holds the installation "
                f"{found or 'of an earlier release'}. Secrets are made only for a new installation. "
                "To run its processes on this host too: docs/several-hosts.md. To move it here: "
                "meterai restore COPY (docs/backup.md). Nothing was written."
            )
        if found is not None:
            belong(self._settings.data, found, where="the database")

    async def _opens_roles(self) -> bool:
        """Whether the data directory has the right passwords of the roles that are made here."""
        if all(self._given(role) for role in ROLES):
            return True
        if not self._secrets.hold_database_roles:
            return False
        role = next(role for role in ROLES if not self._given(role))
        try:
            await (await connect_alone(self.url(role))).close()
        except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError):
            return False
        except asyncpg.InsufficientPrivilegeError:
            pass  # the password was right
        return True

    async def make_empty(self) -> bool:
        """Makes the database and the roles for a copy to be loaded. Returns False when it is not empty.

        Raises: PostgresFailed, asyncpg.PostgresError, OSError.
        """
        await self._make_database(lambda _: None)
        if await _has_schema(self.owner_url):
            return False
        await make_roles(self.owner_url, self._our_roles())
        return True

    def url(self, role: Role) -> str:
        """The URL for one of the roles."""
        return self._given(role) or role_url(self.owner_url, role, self._secrets.database_roles[role])

    async def keep(self, report: Report) -> None:
        """Starts the embedded server again when it ends by itself, until cancelled.

        It tries again when the server can't start, for example on a full disk, or when another program has
        its port. What needs no database goes on meanwhile.
        """
        while self._embedded is not None:
            if await _ended_by_itself(self._embedded):
                report("the database ended, starting it again")
            else:
                report("the database does not recover from a crash, ending it; see logs/postgres.log")
            port = self._embedded.port
            while True:
                try:
                    self._embedded.stop(at_once=True)
                    self._refuse_missing()
                    self._embedded.launch(port, exactly=True)
                    await self._until_ready(self._embedded, report)
                except (PostgresFailed, OSError) as problem:
                    report(f"the database can't be started ({problem}), trying again")
                    await asyncio.sleep(_AGAIN_SECONDS)
                else:
                    break

    def _refuse_missing(self) -> None:
        if not has_cluster(self._folder):
            raise PostgresFailed(self._missing())

    def _missing(self) -> str:
        data, folder = self._settings.data, self._folder
        place, first = str(folder), "is METERAI_DATABASE_URL missing in this shell?"
        if self._settings.database_url:
            if has_cluster(folder):
                return _embedded_elsewhere(data, folder)
            place, first = "the database that METERAI_DATABASE_URL names", "is that the right server?"
        return (
            f"Nothing of an installation is in {place}, and no new one is made for {data}. First look: "
            f"{first} Is the database's own disk mounted? If the database is lost: meterai restore COPY "
            "(docs/backup.md). For a new installation name an empty --data."
        )

    def _our_roles(self) -> dict[str, str]:
        passwords = self._secrets.database_roles
        return {f"meterai_{role}": passwords[role] for role in ROLES if not self._given(role)}

    async def _make_database(self, report: Report) -> None:
        if self._embedded is not None:
            await self._until_ready(self._embedded, report)
            await _make_database(self._embedded)

    async def _until_ready(self, server: EmbeddedPostgres, report: Report) -> None:
        since, told = time.monotonic(), False
        while not server.is_ready():
            if not told and time.monotonic() > since + _LONG_SECONDS:
                report("the database recovers from its log, which may take minutes; see logs/postgres.log")
                told = True
            await asyncio.sleep(0.01)

    def stop(self) -> None:
        """Stops the embedded server. Blocks until everything is on the disk."""
        if self._embedded is not None:
            self._embedded.stop()

    def _given(self, role: Role) -> str:
        given: str = getattr(self._settings, f"database_{role}_url")
        return given


def _embedded_elsewhere(data: Path, folder: Path) -> str:
    """The message when an installation that began with the embedded database is led to another one."""
    return (
        f"{data} began with an embedded database, in {folder}. The database that METERAI_DATABASE_URL names "
        "holds nothing of it. To go on with the embedded one: leave METERAI_DATABASE_URL empty. To move it: "
        "start with METERAI_DATABASE_URL empty, run meterai backup COPY, stop. Then set "
        f"METERAI_DATABASE_URL, run meterai restore COPY, and move {folder} away. For a new "
        "installation name an empty --data. Nothing was changed."
    )


async def _ended_by_itself(server: EmbeddedPostgres) -> bool:
    """Waits until the server has ended. Returns False when it runs but stands still for good."""
    ended = asyncio.ensure_future(exit_of(server.process.pid))
    stood = 0
    try:
        while stood < _LOOKS:
            done, _ = await asyncio.wait([ended], timeout=_LOOK_SECONDS)
            if done:
                return True
            stood = stood + 1 if server.stands_still() else 0
        return False
    finally:
        ended.cancel()


def _connections_of(settings: Settings) -> int:
    """How many connections the server takes: more than all processes may open together."""
    busy = (settings.site_processes + settings.worker_processes) * settings.database_connections_max
    return max(_CONNECTIONS_MIN, busy + _CONNECTIONS_OF_OTHERS * (settings.queue_processes + 1) + _SPARE)


async def installation_of(url: str) -> uuid.UUID | None:
    """The id of the installation in a database; None: its schema is older than ids."""
    connection = await connect_alone(url)
    try:
        if await connection.fetchval("SELECT to_regclass('operations.installation')") is None:
            return None
        found: uuid.UUID = await connection.fetchval("SELECT id FROM operations.installation")
        return found
    finally:
        await connection.close()


async def _has_schema(url: str) -> bool:
    connection = await connect_alone(url)
    try:
        return await current_version(connection) is not None
    finally:
        await connection.close()


async def _make_database(server: EmbeddedPostgres) -> None:
    connection = await connect_alone(server.url())
    try:
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", DATABASE):
            await connection.execute(f'CREATE DATABASE "{DATABASE}"')
    finally:
        await connection.close()
