"""PostgreSQL through asyncpg: a few connections, explicit transactions, plain SQL elsewhere."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import asyncpg
import msgspec

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
    Row = asyncpg.Record
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
"""For a host to let us in. One that is cut off says nothing at all."""
WAIT_SECONDS: Final = 10.0
"""For a connection while all are in use, or being opened: whoever waits for a page is told by then."""
HELD_SECONDS: Final = 10.0
"""So long a transaction may stand open without a word, and keep what it has locked: a process that is frozen
in the middle of one holds up nobody for longer. Its machine answers for it, so nothing else ends."""
_GIVEN_UP: Final = {
    "TCP_USER_TIMEOUT": 10_000,  # milliseconds for what was sent, or for the first probe, to be acknowledged
    "TCP_KEEPIDLE": 5,  # seconds without a sign until the first probe
    "TCP_KEEPINTVL": 2,
    "TCP_KEEPCNT": 3,
}
"""When a connection over a network ends whose other end is dead or cut off (tcp(7)): after about ten seconds,
in place of a quarter of an hour."""
_GIVEN_UP_THERE: Final = {
    "tcp_user_timeout": "30000",  # whoever reads nothing of a long answer for so long is cut off as well
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
}
"""The same at the server's end, which else keeps what a transaction has locked, and a place among its
connections, for two hours."""


def is_outage(error: BaseException) -> bool:
    """Whether an error says that the server, a disk or the way to them is away: no trace explains it."""
    closed = isinstance(error, asyncpg.InterfaceError) and "closed" in str(error)
    return closed or isinstance(error, _AWAY)


def log_trouble(log: Any, error: BaseException, *, outage: str, fault: str, **facts: object) -> None:
    """One line for an outage, which everybody meets again and again and whose traces would push all else out
    of the log; for anything else the trace. `outage`, `fault`: what the log calls it."""
    if is_outage(error):
        log.warning(outage, **facts, error=type(error).__name__, reason=str(error)[:200])
    else:
        log.error(fault, **facts, exc_info=error)


@contextmanager
def ending_in_words(log: Any) -> Iterator[None]:
    """Around a process: an outage ends it with one plain line in its log, for whoever starts it again."""
    try:
        yield
    except Exception as error:
        if not is_outage(error):
            raise
        log.error("process_ended", error=type(error).__name__, reason=str(error)[:300])
        sys.exit(1)


class Database:
    """A few connections under one role, the one used last taken first.

    `transaction()` is one step of work: everything in it is committed together at its end.
    No call to the outside world, no signature and no PDF work belongs inside one.

    Our own pool, because asyncpg's costs as much as the query itself (docs/decisions/0007).
    """

    def __init__(self, dial: Callable[[], Awaitable[Connection]], connections_max: int) -> None:
        self._dial = dial
        self._free: list[Connection] = []
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._places = connections_max
        self._closed = False

    def transaction(self) -> _Transaction:
        """A connection inside a transaction: commits at the end, rolls back on any exception."""
        return _Transaction(self)

    def connection(self) -> _Loan:
        """A connection outside a transaction: for single statements, each committed by itself."""
        return _Loan(self)

    async def close(self) -> None:
        """Closes every connection; one that is in use when it is given back."""
        self._closed = True
        while self._free:
            await self._free.pop().close()

    async def take(self) -> Connection:
        """A connection for the caller alone, who gives it back. Waits while all are in use.

        Raises: OSError or asyncpg.PostgresError when the server can't be reached, or nothing became free in
        time; asyncpg.InterfaceError after `close`.
        """
        if self._closed:
            raise asyncpg.InterfaceError("the connections are closed")
        while True:
            while self._free:
                connection = self._free.pop()
                if not connection.is_closed():
                    return connection
                self._places += 1
            if self._places > 0:
                return await self._open()
            given = await self._wait()
            if given is not None:
                return given

    def give_back(self, connection: Connection) -> None:
        """Hands the connection to whoever waits longest; a broken one makes room for a new one."""
        if self._closed:
            connection.terminate()
        if connection.is_closed():
            self._places += 1
            self._hand_on(None)
        elif not self._hand_on(connection):
            self._free.append(connection)

    async def _open(self) -> Connection:
        self._places -= 1
        try:
            return await self._dial()
        except BaseException:
            self._places += 1
            self._hand_on(None)
            raise

    async def _wait(self) -> Connection | None:
        """What is handed on: a connection, or None for the place of one. Raises: TimeoutError."""
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[Connection | None] = loop.create_future()
        self._waiting.append(turn)
        patience = loop.call_later(WAIT_SECONDS, _end_wait, turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:  # given in that moment
                given = turn.result()
                if given is not None:
                    self.give_back(given)
                else:
                    self._hand_on(None)
            raise
        finally:
            patience.cancel()

    def _hand_on(self, connection: Connection | None) -> bool:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(connection)
                return True
        return False


def _end_wait(turn: asyncio.Future[Connection | None]) -> None:
    if not turn.done():
        turn.set_exception(TimeoutError("no connection to the database became free"))


class _Loan:
    """A connection for the length of a block."""

    __slots__ = ("_connection", "_database")

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __aenter__(self) -> Connection:
        self._connection = await self._database.take()
        return self._connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _end(self._database, self._connection, error)


class _Transaction:
    """A connection in a transaction for the length of a block."""

    __slots__ = ("_connection", "_database", "_transaction")

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __aenter__(self) -> Connection:
        connection = await self._database.take()
        try:
            self._transaction = connection.transaction()
            await self._transaction.start()
        except BaseException as error:
            _end(self._database, connection, error)
            raise
        self._connection = connection
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
            _end(self._database, self._connection, trouble)


def _end(database: Database, connection: Connection, error: BaseException | None) -> None:
    """Gives a connection back, but not in the middle of something: then it is cut off.

    Whoever is cancelled while a statement runs can't know whether a transaction stands open.
    """
    if (error is not None and not isinstance(error, Exception)) or connection.is_in_transaction():
        connection.terminate()
    database.give_back(connection)


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
    held_seconds: float = 0,
) -> Database:
    """Connections to `url`, to the first of its hosts that lets us in. jsonb columns take and give Python
    values (msgspec).

    `held_seconds`: the server ends a connection that says nothing for so long in the middle of a transaction
    (0: never, for commands that look at files between their statements).

    Raises: OSError or asyncpg.PostgresError when the server can't be reached; with `at_once=False` only the
    first use finds out.
    """
    dial = partial(connect_alone, url, application_name=application_name, held_seconds=held_seconds)
    database = Database(dial, connections_max)
    if at_once:
        database.give_back(await database.take())
    return database


async def connect_alone(
    url: str, *, application_name: str = "meterai", held_seconds: float = 0
) -> Connection:
    """One connection to `url` as `connect` makes them, which whoever asked for it closes.

    Raises: OSError or asyncpg.PostgresError when the server can't be reached.
    """
    *others, last = _each_host_of(url)
    for one in others:
        with suppress(OSError, asyncpg.CannotConnectNowError):
            return await _dial(one, application_name, held_seconds)
    return await _dial(last, application_name, held_seconds)


def _each_host_of(url: str) -> list[str]:
    """The same URL for each host: the driver has one time limit for all of them, and the first could take it
    whole."""
    parts = urlsplit(url)
    user, at, hosts = parts.netloc.rpartition("@")
    return [url.replace(parts.netloc, user + at + host, 1) for host in hosts.split(",")]


async def _dial(url: str, application_name: str, held_seconds: float) -> Connection:
    try:
        connection = await asyncpg.connect(
            url,
            timeout=DIAL_SECONDS,
            server_settings={
                "application_name": application_name,
                "timezone": "UTC",
                # Every statement finds its rows by a key, so no value deserves a plan of its own. A condition
                # that would let the planner read a partial index with another key instead is hidden from it
                # (in a CASE, or by `|| ''`): by the statistics of a quiet hour such an index is empty.
                "plan_cache_mode": "force_generic_plan",
                # What nobody waits for any more (see `_end`) ends too.
                "client_connection_check_interval": "1s",
                "idle_in_transaction_session_timeout": f"{held_seconds * 1_000:.0f}",
                **_GIVEN_UP_THERE,
            },
        )
    except asyncpg.TargetServerAttributeNotMatched as error:  # such as a standby
        raise ConnectionError(str(error)) from error
    give_up_soon(connection._transport.get_extra_info("socket"))  # type: ignore[attr-defined]  # shown nowhere else
    await _prepare(connection)
    return connection


def give_up_soon(wire: socket.socket, **others: int) -> None:
    """Ends a connection over a network whose other end is dead or cut off: when, say the options of
    `_GIVEN_UP`, or `others` in their place."""
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
