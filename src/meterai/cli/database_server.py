"""The database of a launch: the embedded one, or the one that METERAI_DATABASE_URL names."""

from __future__ import annotations

from collections.abc import Callable

import asyncpg

from meterai.kit.installation import DATABASE, ROLES, Role, Secrets, role_url
from meterai.kit.migrations import migrate
from meterai.kit.postgres import EmbeddedPostgres
from meterai.kit.processes import exit_of
from meterai.kit.settings import Settings


class DatabaseServer:
    """The embedded database, or the one that METERAI_DATABASE_URL names."""

    def __init__(self, settings: Settings, secrets: Secrets) -> None:
        self._settings = settings
        self._secrets = secrets
        self._embedded: EmbeddedPostgres | None = None

    @property
    def owner_url(self) -> str:
        """Address for migrations; after `start`."""
        return self._embedded.url(DATABASE) if self._embedded else self._settings.database_url

    @property
    def socket_folder(self) -> str:
        """Where the embedded server's socket lies; empty: nowhere."""
        return self._embedded.socket_folder if self._embedded else ""

    def start(self, port: int) -> None:
        """Starts the embedded server. Raises: PostgresFailed."""
        if self._settings.database_url:
            return
        data = self._settings.data
        self._embedded = EmbeddedPostgres(
            data / "postgres", password=self._secrets.database_owner, log=data / "logs" / "postgres.log"
        )
        self._embedded.start(port)

    async def make_ready(self) -> bool:
        """Makes the database, the roles and the newest schema; returns whether the schema changed."""
        if self._embedded is not None:
            await _make_database(self._embedded)
        passwords = self._secrets.database_roles
        ours = {f"meterai_{role}": passwords[role] for role in ROLES if not self._given(role)}
        return await migrate(self.owner_url, ours)

    def url(self, role: Role) -> str:
        """Address for one of the roles."""
        return self._given(role) or role_url(self.owner_url, role, self._secrets.database_roles[role])

    async def keep(self, report: Callable[[str], None]) -> None:
        """Starts the embedded server again when it ends by itself, until cancelled."""
        while self._embedded is not None:
            await exit_of(self._embedded.process.pid)
            report("the database ended, starting it again")
            port = self._embedded.port
            self._embedded.stop()
            self._embedded.start(port)

    def stop(self) -> None:
        """Stops the embedded server. Blocks until everything is on the disk."""
        if self._embedded is not None:
            self._embedded.stop()

    def _given(self, role: Role) -> str:
        given: str = getattr(self._settings, f"database_{role}_url")
        return given


async def _make_database(server: EmbeddedPostgres) -> None:
    connection = await asyncpg.connect(server.url())
    try:
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", DATABASE):
            await connection.execute(f'CREATE DATABASE "{DATABASE}"')
    finally:
        await connection.close()
