"""What the `database` fixture hands out: a migrated database per test and connections under each role."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass

import asyncpg

from meterai.kit.database import Database, connect
from meterai.kit.database_urls import DATABASE, ROLES
from meterai.kit.installation_secrets import Secrets
from meterai.launcher.embedded_postgres import EmbeddedPostgres
from meterai.launcher.schema import migrate
from meterai.launcher.schema.role_settings import keep_role_settings
from tests.places import passing_folder
from tests.prepared import copy_prepared

_TEMPLATE = "meterai_template"
_TESTS = "meterai_tests"
"""The login role of tests that play several processes."""
_PLAYED = (migrate.SITE, migrate.WORKER, migrate.CONTROLLER, migrate.OPERATOR)
_PASSWORDS = {role: f"password of {role}".replace(" ", "-") for role in (*migrate.ROLES, _TESTS)}


@dataclass(frozen=True)
class Urls:
    """Addresses of one database, per role."""

    owner: str
    app: str
    """A role of tests that may do what site, worker, controller and operator may."""
    site: str
    worker: str
    controller: str
    operator: str
    signer: str
    reader: str
    verifier: str
    follower: str
    closer: str
    console: str


@dataclass(frozen=True)
class TestDatabase:
    """One migrated database. The pools open their connections when first used."""

    __test__ = False

    name: str
    urls: Urls
    owner: asyncpg.Connection[asyncpg.Record]
    app: Database
    site: Database
    worker: Database
    controller: Database
    operator: Database
    signer: Database
    reader: Database
    verifier: Database
    follower: Database
    closer: Database
    console: Database


async def _believe_any_time(url: str) -> None:
    """Lets the clocks of tests count: the database believes times that are far from its own.

    `tests/replays/test_guessing.py` tests the function that this one replaces.
    """
    owner = await asyncpg.connect(url)
    await owner.execute(
        """CREATE OR REPLACE FUNCTION customers.checked_time(at timestamptz) RETURNS timestamptz
           LANGUAGE sql AS 'SELECT $1'"""
    )
    await owner.close()


async def waiting_for_locks(connection: asyncpg.Connection[asyncpg.Record]) -> int:
    """How many connections to this database wait for what another one has locked."""
    count: int = await connection.fetchval(
        """SELECT count(*) FROM pg_stat_activity
           WHERE datname = current_database() AND wait_event_type = 'Lock'"""
    )
    return count


class TestCluster:
    """The server of a test session."""

    __test__ = False

    def __init__(self, server: EmbeddedPostgres) -> None:
        self.server = server
        self._numbers = itertools.count(1)

    async def make_template(self) -> None:
        """Makes the installation's database the one from which each test's is copied."""
        administrator = await asyncpg.connect(self.server.url())
        await administrator.execute(f"ALTER DATABASE {DATABASE} RENAME TO {_TEMPLATE}")
        await administrator.close()
        passwords = {role: _PASSWORDS[role] for role in migrate.ROLES}
        await migrate.migrate(self.server.url(_TEMPLATE), passwords)
        administrator = await asyncpg.connect(self.server.url(_TEMPLATE))
        await administrator.execute(f"CREATE ROLE {_TESTS} LOGIN PASSWORD '{_PASSWORDS[_TESTS]}'")
        await administrator.execute(f"GRANT {', '.join(_PLAYED)} TO {_TESTS}")
        assert await keep_role_settings(administrator, [_TESTS]) == []
        # No process may; fixtures fill lots with it.
        await administrator.execute(
            f"GRANT EXECUTE ON FUNCTION ledger.open_accounts, ledger.post_transfers TO {_TESTS}"
        )
        await administrator.close()
        await _believe_any_time(self.server.url(_TEMPLATE))

    def urls(self, name: str) -> Urls:
        """The addresses of the database called `name`."""

        def url(role: str) -> str:
            return self.server.url(name, role, _PASSWORDS[role])

        return Urls(
            owner=self.server.url(name),
            app=url(_TESTS),
            **{role: url(f"meterai_{role}") for role in ROLES},
        )

    @asynccontextmanager
    async def empty_database(self) -> AsyncIterator[str]:
        """The name of a new database without any table, dropped at the end."""
        async with self._created("") as name:
            yield name

    @asynccontextmanager
    async def database(self) -> AsyncIterator[TestDatabase]:
        """A new migrated database with its connections, dropped at the end."""
        async with (
            self._created(f"TEMPLATE {_TEMPLATE} STRATEGY file_copy") as name,
            AsyncExitStack() as stack,
        ):
            urls = self.urls(name)
            owner = await asyncpg.connect(urls.owner)
            stack.push_async_callback(owner.close)
            pools = {}
            for role in ("app", *ROLES):
                pools[role] = await connect(getattr(urls, role), connections_max=10, at_once=False)
                stack.push_async_callback(pools[role].close)
            yield TestDatabase(name, urls, owner, **pools)

    @asynccontextmanager
    async def _created(self, how: str) -> AsyncIterator[str]:
        name = f"test_{next(self._numbers)}"
        administrator = await asyncpg.connect(self.server.url())
        try:
            await administrator.execute(f"CREATE DATABASE {name} {how}")
            try:
                yield name
            finally:
                await administrator.execute(f"DROP DATABASE {name} WITH (FORCE)")
        finally:
            await administrator.close()


@contextmanager
def running_cluster() -> Iterator[TestCluster]:
    """A PostgreSQL server with a migrated template; without fsync, a test's data needn't last."""
    with passing_folder("meterai-tests-") as folder:
        copy_prepared(folder / "data")
        server = EmbeddedPostgres(
            folder / "data" / "postgres",
            password=Secrets(folder / "data").database_owner,
            settings={
                "fsync": "off",
                "synchronous_commit": "off",
                "full_page_writes": "off",
                "max_connections": "200",
                "max_wal_size": "128MB",
                "shared_buffers": "128MB",
                "log_error_verbosity": "default",
            },
            log=folder / "postgres.log",
        )
        server.start()
        try:
            cluster = TestCluster(server)
            asyncio.run(cluster.make_template())
            yield cluster
        finally:
            server.stop()
