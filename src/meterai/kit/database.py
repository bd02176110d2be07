"""PostgreSQL through asyncpg: a few connections, explicit transactions, plain SQL elsewhere."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlsplit

import asyncpg
import msgspec

from meterai.kit.database_failures import cause_of, naming_server, server_of
from meterai.kit.tracing.spans import Open, current_traceparent, is_on, span_of_caller

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
    Row = asyncpg.Record
    Pool = asyncpg.Pool[asyncpg.Record]
    PooledConnection = asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
else:
    Connection = asyncpg.Connection
    Row = asyncpg.Record

DATABASE_IS_DOWN = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""What is raised when the server can't be reached, or not just now."""
_AWAY = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
)

DIAL_SECONDS: Final = 3.0
"""Time limit for opening a connection to one host. A host that is cut off does not answer at all."""
WAIT_SECONDS: Final = 10.0
"""Time limit for getting a connection while all are in use or being opened."""
CLOSE_SECONDS: Final = 5.0
"""Time limit for connections in use to be given back when the pool is closed."""
_GIVEN_UP: Final = {
    "TCP_USER_TIMEOUT": 10_000,  # milliseconds for what was sent, or for the first probe, to be acknowledged
    "TCP_KEEPIDLE": 5,  # seconds without a sign until the first probe
    "TCP_KEEPINTVL": 2,
    "TCP_KEEPCNT": 3,
}
"""Socket options (tcp(7)) that end a connection whose other end is dead after about ten seconds.

Without them it takes a quarter of an hour.
"""
_NEXT: Final = (
    "Is the database server up, does it let this machine in, and is METERAI_DATABASE_URL right? The process "
    "tries again. docs/on-duty.md: queue_store_unavailable"
)


def is_outage(error: BaseException) -> bool:
    """Whether an error means that the server, a disk or the network is down. No stack trace is needed."""
    text = str(error)
    closed = isinstance(error, asyncpg.InterfaceError) and ("closed" in text or "closing" in text)
    return closed or isinstance(error, _AWAY)


def log_trouble(log: Any, error: BaseException, *, outage: str, fault: str, **facts: object) -> None:
    """Logs an outage as one line, anything else with its stack trace.

    Outages repeat, and their traces would push everything else out of the log. `outage`, `fault`: the
    names of the log events.
    """
    if is_outage(error):
        log.warning(outage, **facts, **outage_facts(error))
    else:
        log.error(fault, **facts, exc_info=error)


@contextmanager
def ending_in_words(log: Any) -> Iterator[None]:
    """Wraps a process that is started again: an outage ends it with one plain line in its log.

    So does a database that does not let us in, and a setting that is refused.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, ValueError) and str(error).startswith("METERAI_"):
            sys.exit(f"Not started. {error}")
        if not server_of(error) and not is_outage(error):
            raise
        log.error("process_ended", **outage_facts(error), **({"next": _NEXT} if server_of(error) else {}))
        sys.exit(1)


def outage_facts(error: BaseException) -> dict[str, str]:
    """What a log says of an outage: the error, its reason, and the server that was called."""
    server = {"database": server_of(error)} if server_of(error) else {}
    return {"error": type(error).__name__, "reason": cause_of(error)[:300], **server}


class Database:
    """A pool of connections under one role. The connection used last is taken first.

    `transaction()` is one step of work: everything in it is committed together at its end.
    No call to the outside world, no signature and no PDF work belongs inside one.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def transaction(self) -> AbstractAsyncContextManager[Connection]:
        """A connection inside a transaction: commits at the end, rolls back on any exception."""
        return _Transaction(self._pool, span_of_caller("db"))

    def connection(self, *, hands_on: bool = False) -> AbstractAsyncContextManager[Connection]:
        """A connection outside a transaction: for single statements, each committed by itself.

        `hands_on`: the last of them leaves work to a worker. In a trace they are one transaction, because
        only a transaction can be told the trace.

        Waits while all are in use. Raises: OSError or asyncpg.PostgresError when the server can't be reached,
        or nothing became free in time; asyncpg.InterfaceError after `close`.
        """
        loan = _Transaction if hands_on and _trace_to_tell() else _Loan
        return loan(self._pool, span_of_caller("db"))

    async def ping(self) -> None:
        """Returns when the server answers. Raises: as `connection`."""
        async with self.connection() as connection:
            await connection.execute("SELECT 1")

    async def close(self) -> None:
        """Closes every connection. Connections that are still in use after a few seconds are cut off."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._pool.close()


class _Loan:
    """A connection for the length of a block."""

    __slots__ = ("_connection", "_pool", "_span")

    def __init__(self, pool: Pool, span: Open) -> None:
        self._pool = pool
        self._span = span

    async def __aenter__(self) -> Connection:
        try:
            self._connection = await _acquire(self._pool)
        except BaseException as error:
            self._span.end(error)
            raise
        return cast("Connection", self._connection)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await _release(self._pool, self._connection, error)
        self._span.end(error)


class _Transaction(_Loan):
    """A connection in a transaction for the length of a block."""

    __slots__ = ("_transaction",)

    async def __aenter__(self) -> Connection:
        connection = await super().__aenter__()
        try:
            self._transaction = connection.transaction()
            await self._transaction.start()
            if traceparent := _trace_to_tell():
                # The default of the columns `traceparent`. A pooler may give the session to somebody else.
                await connection.execute(f"SET LOCAL meterai.traceparent = '{traceparent}'")
        except BaseException as error:
            await _release(self._pool, self._connection, error)
            self._span.end(error)
            raise
        return connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        trouble = error
        try:
            await self._transaction.__aexit__(kind, error, trace)
        except BaseException as failed:
            trouble = failed
            raise
        finally:
            await _release(self._pool, self._connection, trouble)
            self._span.end(trouble)


def _trace_to_tell() -> str:
    """The traceparent that rows of a transaction get; empty: none."""
    return current_traceparent() if is_on() else ""


async def _acquire(pool: Pool) -> PooledConnection:
    try:
        return await pool.acquire(timeout=WAIT_SECONDS)
    except TimeoutError as error:
        if str(error):
            raise
        raise TimeoutError("no connection to the database became free in time") from error


async def _release(pool: Pool, connection: PooledConnection, error: BaseException | None) -> None:
    """Gives a connection back. A connection whose state is unknown is cut off.

    After a cancellation nobody knows whether a statement still runs, or whether a transaction is open.
    """
    with suppress(asyncpg.InterfaceError):  # it was closed already
        if (error is not None and not isinstance(error, Exception)) or connection.is_in_transaction():
            connection.terminate()
    await pool.release(connection)


def call(function: str, arguments: int, *, whole_row: bool = False) -> str:
    """The statement that calls a function of the database; `whole_row`: its results as columns."""
    parameters = ", ".join(f"${n}" for n in range(1, arguments + 1))
    return f"SELECT {'* FROM ' if whole_row else ''}{function}({parameters})"  # noqa: S608 - our own names


async def connect(
    url: str,
    *,
    connections_max: int = 8,
    application_name: str = "meterai",
    at_once: bool = True,
) -> Database:
    """Makes a pool of connections to `url`, to the first of its hosts that accepts them.

    jsonb columns take and return Python values (msgspec). The server has the settings of our roles
    (`launcher.schema.role_settings`), so a pooler in transaction mode may stand between.

    Raises: OSError or asyncpg.PostgresError when the server can't be reached. With `at_once=False` nothing is
    opened here, so the first use raises it.
    """

    async def dial(*_: object, **_unused: object) -> Connection:
        return await connect_alone(url, application_name=application_name)

    pool = asyncpg.create_pool(
        connect=dial,
        reset=_keep_session,
        init_size=1 if at_once else 0,
        min_size=0,
        max_size=connections_max,
        max_inactive_connection_lifetime=0,
    )
    return Database(await pool)


async def _keep_session(connection: Connection) -> None:
    """Resets nothing between two uses: no statement of ours changes the session."""


async def connect_alone(url: str, *, application_name: str = "meterai") -> Connection:
    """Opens one connection to `url` outside a pool. The caller closes it.

    Raises: OSError or asyncpg.PostgresError when the server can't be reached (`database_failures` says which
    and why).
    """
    with naming_server(url):
        *others, last = _each_host_of(url)
        for one in others:
            with suppress(OSError, asyncpg.CannotConnectNowError):
                return await _dial(one, application_name)
        return await _dial(last, application_name)


def _each_host_of(url: str) -> list[str]:
    """The URL once for each of its hosts.

    The driver has one time limit for all hosts, and the first could use it up.
    """
    parts = urlsplit(url)
    user, at, hosts = parts.netloc.rpartition("@")
    return [url.replace(parts.netloc, user + at + host, 1) for host in hosts.split(",")]


async def _dial(url: str, application_name: str) -> Connection:
    try:
        connection = await asyncpg.connect(
            url,
            timeout=DIAL_SECONDS,
            server_settings={"application_name": application_name, "timezone": "UTC"},
        )
    except asyncpg.TargetServerAttributeNotMatched as error:  # such as a standby
        raise ConnectionError(str(error)) from error
    give_up_soon(connection._transport.get_extra_info("socket"))  # type: ignore[attr-defined]  # shown nowhere else
    await _prepare(connection)
    return connection


def give_up_soon(wire: socket.socket, **others: int) -> None:
    """Sets the socket options that end a connection whose other end is dead or cut off.

    `others` replace options of `_GIVEN_UP`.
    """
    if wire.family == socket.AF_UNIX:
        return
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (_GIVEN_UP | others).items():
        if option := getattr(socket, name, None):
            wire.setsockopt(socket.IPPROTO_TCP, option, value)


async def _prepare(connection: Any) -> None:
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: msgspec.json.encode(value).decode(),
        decoder=lambda text: msgspec.json.decode(text),
    )
