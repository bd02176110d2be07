"""The pool: connections in use, broken connections, and connections left in the middle of something."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
import uvloop

from meterai.kit import database as kit_database
from meterai.kit.database import DATABASE_IS_DOWN, Database, connect, is_outage
from meterai.launcher.schema.migrate import SIGNER, ServerIsTaken, make_roles, migrate
from tests.storage_fixtures import TestCluster, TestDatabase


@pytest.fixture
async def pair(database: TestDatabase) -> Database:
    """At most two connections."""
    return await connect(database.urls.app, connections_max=2)


async def process_of(db: Database) -> int:
    async with db.connection() as connection:
        return int(await connection.fetchval("SELECT pg_backend_pid()"))


async def test_a_connection_is_used_again(pair: Database) -> None:
    assert await process_of(pair) == await process_of(pair)
    await pair.close()


async def test_the_server_compiles_no_statement_of_ours_whatever_it_does_otherwise(
    database: TestDatabase,
) -> None:
    """A server of an operator compiles. Through a pooler the first look at types took it seconds."""
    for url in (database.urls.site, database.urls.worker):
        db = await connect(url, connections_max=1)
        async with db.connection() as connection:
            found = await connection.fetchrow("SELECT setting, source FROM pg_settings WHERE name = 'jit'")
        assert tuple(found) == ("off", "user")  # of the role
        await db.close()


async def test_who_comes_when_all_are_in_use_waits_and_gets_the_next(pair: Database) -> None:
    async with pair.connection() as first, pair.connection() as second:
        assert first is not second
        processes = [await each.fetchval("SELECT pg_backend_pid()") for each in (first, second)]
        third = asyncio.create_task(process_of(pair))
        given_up = asyncio.create_task(process_of(pair))
        await asyncio.sleep(0.02)
        assert not third.done()
        given_up.cancel()
    assert await third in processes
    assert len({await process_of(pair) for _ in range(4)}) == 1, "the one who gave up took none with him"
    await pair.close()


@pytest.mark.parametrize("turns", range(5))
async def test_a_connection_that_was_handed_to_someone_cancelled_in_that_moment_is_not_lost(
    pair: Database, turns: int
) -> None:
    first, second, late = pair.connection(), pair.connection(), pair.connection()
    process = await (await first.__aenter__()).fetchval("SELECT pg_backend_pid()")
    await second.__aenter__()
    waiting = asyncio.create_task(late.__aenter__())
    await asyncio.sleep(0)
    giving_back = asyncio.create_task(first.__aexit__(None, None, None))
    for _ in range(turns):
        await asyncio.sleep(0)
    if waiting.cancel():
        with pytest.raises(asyncio.CancelledError):
            await waiting
    else:
        await late.__aexit__(None, None, None)
    await giving_back
    assert await asyncio.wait_for(process_of(pair), 1) == process
    await second.__aexit__(None, None, None)
    await pair.close()


async def test_a_connection_that_the_server_ended_is_replaced(pair: Database, database: TestDatabase) -> None:
    old = await process_of(pair)
    await database.owner.execute("SELECT pg_terminate_backend($1)", old)
    await asyncio.sleep(0.05)
    with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        await process_of(pair)  # may be the one to find out
    assert await process_of(pair) != old
    await pair.close()


async def test_whoever_is_cancelled_within_a_transaction_leaves_nothing_behind(pair: Database) -> None:
    async def begin() -> None:
        async with pair.transaction() as tx:
            await tx.execute(
                "INSERT INTO jobs.outbox (topic, payload, available_at, created_at)"
                " VALUES ('x', '{}', now(), now())"
            )
            await tx.execute("SELECT pg_sleep(30)")

    task = asyncio.create_task(begin())
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with pair.connection() as first, pair.connection() as second:
        assert not first.is_in_transaction()
        assert await second.fetchval("SELECT count(*) FROM jobs.outbox") == 0
    await pair.close()


async def test_what_a_frozen_process_has_locked_is_free_within_seconds(database: TestDatabase) -> None:
    await database.owner.execute(
        f"ALTER ROLE meterai_controller IN DATABASE {database.name}"
        " SET idle_in_transaction_session_timeout = '200ms'"
    )
    frozen = await connect(database.urls.controller, connections_max=1)
    lock = "SELECT 1 FROM waiting_room.lease FOR UPDATE"
    has_locked, wakes_up = asyncio.Event(), asyncio.Event()

    async def sleep_in_the_middle() -> None:
        async with frozen.transaction() as tx:
            await tx.fetchval(lock)
            has_locked.set()
            await wakes_up.wait()
            await tx.fetchval(lock)

    sleeper = asyncio.create_task(sleep_in_the_middle())
    await has_locked.wait()
    async with asyncio.timeout(5), database.app.transaction() as other:
        await other.fetchval(lock)
    wakes_up.set()
    with pytest.raises(DATABASE_IS_DOWN) as ended:
        await sleeper
    assert is_outage(ended.value)
    async with frozen.connection() as connection:
        assert await connection.fetchval("SELECT 1") == 1, "it goes on with another connection"
    await frozen.close()


async def test_what_nobody_waits_for_any_more_ends(pair: Database, database: TestDatabase) -> None:
    """Otherwise somebody who retries would make the server work on more and more statements."""
    with suppress(TimeoutError):
        async with asyncio.timeout(0.1), pair.connection() as connection:
            await connection.execute("SELECT pg_sleep(30)")
    async with asyncio.timeout(5):
        while await database.owner.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND query LIKE 'SELECT pg_sleep%'",
            database.name,
        ):
            await asyncio.sleep(0.05)
    await pair.close()


@pytest.mark.parametrize("loop", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
async def test_a_connection_whose_other_end_is_dead_is_given_up_within_seconds(
    database: TestDatabase, loop: Callable[..., Any]
) -> None:
    """Its user does not wait for a quarter of an hour."""
    options = [
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE),
        *(
            (socket.IPPROTO_TCP, getattr(socket, f"TCP_{name}"))
            for name in ("KEEPIDLE", "KEEPINTVL", "KEEPCNT")
        ),
        (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT),
    ]

    async def options_of_a_connection() -> list[int]:
        db = await connect(database.urls.app, connections_max=1)
        async with db.connection() as connection:
            wire = connection._transport.get_extra_info("socket")  # type: ignore[attr-defined]
            found = [wire.getsockopt(*option) for option in options]
        await db.close()
        return found

    on, idle, interval, probes, milliseconds = await asyncio.to_thread(loop, options_of_a_connection())
    assert on == 1
    assert idle + interval * probes <= 12
    assert 5_000 <= milliseconds <= 12_000


async def test_the_server_gives_up_a_connection_whose_other_end_is_dead_too(database: TestDatabase) -> None:
    """Otherwise rows of an interrupted transaction stay locked for two hours."""
    db = await connect(database.urls.app, connections_max=1)
    names = ("keepalives_idle", "keepalives_interval", "keepalives_count", "user_timeout")
    async with db.connection() as connection:
        idle, interval, probes, milliseconds = [
            await connection.fetchval("SELECT setting::int FROM pg_settings WHERE name = $1", f"tcp_{name}")
            for name in names
        ]
    await db.close()
    assert 0 < idle + interval * probes <= 12
    assert 5_000 <= milliseconds <= 30_000


@pytest.fixture
def silent() -> Iterator[str]:
    """Host and port of a listener that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


async def test_while_the_server_is_silent_nobody_waits_for_long(
    monkeypatch: pytest.MonkeyPatch, silent: str
) -> None:
    """Neither a caller that opens a connection, nor one that waits for a free one."""
    monkeypatch.setattr(kit_database, "DIAL_SECONDS", 0.4)
    monkeypatch.setattr(kit_database, "WAIT_SECONDS", 0.2)
    db = await connect(f"postgresql://app:x@{silent}/meterai", connections_max=2, at_once=False)
    async with asyncio.timeout(5):
        asked = await asyncio.gather(*(process_of(db) for _ in range(6)), return_exceptions=True)
    assert all(isinstance(error, TimeoutError) and is_outage(error) for error in asked)


async def test_who_waited_too_long_takes_no_connection_along(
    monkeypatch: pytest.MonkeyPatch, pair: Database
) -> None:
    monkeypatch.setattr(kit_database, "WAIT_SECONDS", 0.05)
    async with pair.connection(), pair.connection():
        with pytest.raises(TimeoutError):
            await process_of(pair)
    async with pair.connection() as first, pair.connection() as second:
        assert first is not second
    await pair.close()


async def test_where_the_first_host_is_silent_the_next_one_is_asked(
    monkeypatch: pytest.MonkeyPatch, database: TestDatabase, silent: str
) -> None:
    monkeypatch.setattr(kit_database, "DIAL_SECONDS", 0.4)
    url = database.urls.app.replace("@", f"@{silent},", 1)
    db = await connect(url, connections_max=1)
    assert await process_of(db)
    await db.close()


async def test_at_a_start_the_next_host_is_asked_as_well(
    monkeypatch: pytest.MonkeyPatch, database: TestDatabase, silent: str
) -> None:
    """Otherwise a service whose first host is down could not start."""
    monkeypatch.setattr(kit_database, "DIAL_SECONDS", 0.4)
    async with asyncio.timeout(10):
        assert await migrate(database.urls.owner.replace("@", f"@{silent},", 1), {}) is False


async def test_a_second_installation_on_a_server_is_refused_and_the_first_goes_on(
    database: TestDatabase, cluster: TestCluster
) -> None:
    """The cluster also holds the template database of all tests."""
    password = urlsplit(database.urls.signer).password or ""
    async with cluster.empty_database() as second:
        with pytest.raises(ServerIsTaken, match="Another installation uses this server, in its database"):
            await migrate(cluster.server.url(second), {SIGNER: "another's"})
        await make_roles(cluster.server.url(second), {SIGNER: password})  # the same one, after a restore
    db = await connect(database.urls.signer, connections_max=1)
    assert await process_of(db)
    await db.close()


async def test_over_a_socket_of_the_same_machine_it_works_too(
    database: TestDatabase, cluster: TestCluster
) -> None:
    parts = urlsplit(database.urls.app)
    by_socket = (
        f"postgresql://{parts.username}:{parts.password}@{parts.path}?host={cluster.server.socket_folder}"
    )
    db = await connect(f"{by_socket}&port={parts.port}", connections_max=1)
    assert await process_of(db)
    await db.close()


async def test_an_error_in_a_transaction_rolls_it_back_and_keeps_the_connection(pair: Database) -> None:
    before = await process_of(pair)
    with pytest.raises(asyncpg.DivisionByZeroError):
        async with pair.transaction() as tx:
            await tx.fetchval("SELECT 1 / 0")
    assert await process_of(pair) == before
    await pair.close()
