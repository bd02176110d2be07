"""Connects programs without TLS to a database over TLS. The programs of the wheel are built without it.

Such a program connects to a unix socket in a private folder. Its bytes go on to the server over a connection
that is checked by the same rules as the product's own.
"""

from __future__ import annotations

import asyncio
import ssl
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from asyncpg import connect_utils

from meterai.kit.database import DIAL_SECONDS, give_up_soon

_SSL_REQUEST: Final = bytes.fromhex("0000000804d2162f")
"""Asks the server for TLS; it says S or N (PostgreSQL's protocol, 54.2.12)."""
_UNACKNOWLEDGED_MS: Final = 30_000
"""As for the programs' own connections (database_dump.py)."""
_HERE: Final = ("localhost", "127.0.0.1", "::1")
_CHUNK: Final = 64 << 10


@contextmanager
def way_without_tls(url: str) -> Iterator[str]:
    """Gives a URL that leads a program without TLS to the same hosts; `url` itself where that is enough.

    Raises: what the driver raises for an address that it can't read; OSError.
    """
    hosts, context, is_must = _read(url)
    if not hosts:
        yield url
        return
    with tempfile.TemporaryDirectory(prefix="meterai-") as folder:
        sockets = [Path(folder, str(number), f".s.PGSQL.{port}") for number, (_, port) in enumerate(hosts)]
        loop, started, stop = asyncio.new_event_loop(), Future[None](), asyncio.Event()

        async def serve() -> None:
            try:
                for path, (host, port) in zip(sockets, hosts, strict=True):
                    path.parent.mkdir()
                    await asyncio.start_unix_server(
                        partial(_talk, host, port, context, is_must=is_must), path
                    )
            except OSError as error:
                started.set_exception(error)
                return
            started.set_result(None)
            await stop.wait()

        def run() -> None:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(serve())

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            started.result()
            yield _through(url, sockets)
        finally:
            with suppress(RuntimeError):  # it ended already
                loop.call_soon_threadsafe(stop.set)
            thread.join()


def _read(url: str) -> tuple[list[tuple[str, int]], ssl.SSLContext | None, bool]:
    """Hosts that need TLS, its context, and whether TLS is required. No hosts: the program needs no help."""
    nothing: dict[str, Any] = dict.fromkeys(
        (
            "host", "port", "user", "password", "passfile", "database", "ssl", "service", "servicefile",
            "direct_tls", "server_settings", "target_session_attrs", "krbsrvname", "gsslib",
        )
    )  # fmt: skip
    addresses, found = cast("Any", connect_utils)._parse_connect_dsn_and_args(dsn=url, **nothing)
    hosts = [address for address in addresses if not isinstance(address, str)]
    is_must = found.sslmode >= connect_utils.SSLMode.require
    wants = found.sslmode >= connect_utils.SSLMode.prefer and any(host not in _HERE for host, _ in hosts)
    if len(hosts) < len(addresses) or not (is_must or wants):
        return [], None, False
    return hosts, found.ssl, is_must


def _through(url: str, sockets: Sequence[Path]) -> str:
    parts = urlsplit(url)
    user, at, _ = parts.netloc.rpartition("@")
    hosts = ",".join(f"{quote(str(path.parent), safe='')}:{path.suffix[1:]}" for path in sockets)
    said = parse_qsl(parts.query)
    query = urlencode(
        [
            (name, value)
            for name, value in said
            if name not in ("host", "port") and not name.startswith("ssl")
        ],
        quote_via=quote,
    )
    return urlunsplit(parts._replace(netloc=user + at + hosts, query=query))


async def _talk(
    host: str,
    port: int,
    context: ssl.SSLContext | None,
    here: asyncio.StreamReader,
    back: asyncio.StreamWriter,
    *,
    is_must: bool,
) -> None:
    with suppress(OSError):
        try:
            there, onward = await _dial(host, port, context, is_must=is_must)
        except (OSError, EOFError, TimeoutError) as error:
            await here.read(_CHUNK)  # it speaks first
            back.write(_refusal(str(error) or type(error).__name__))
            back.close()
            return
        await asyncio.gather(_pass_on(here, onward), _pass_on(there, back))


def _refusal(why: str) -> bytes:
    """The error of a server that can't be reached now: the program shows it, and tries its next host."""
    body = b"SFATAL\0VFATAL\0C57P03\0M" + why.encode().replace(b"\0", b"") + b"\0\0"
    return b"E" + (4 + len(body)).to_bytes(4) + body


async def _dial(
    host: str, port: int, context: ssl.SSLContext | None, *, is_must: bool
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    async with asyncio.timeout(DIAL_SECONDS):
        there, onward = await asyncio.open_connection(host, port)
        give_up_soon(onward.get_extra_info("socket"), TCP_USER_TIMEOUT=_UNACKNOWLEDGED_MS)
        onward.write(_SSL_REQUEST)
        if await there.readexactly(1) == b"S" and context is not None:
            await onward.start_tls(context, server_hostname=host)
        elif is_must:
            onward.close()
            raise ConnectionError(f"the server at {host}:{port} speaks no TLS")
        return there, onward


async def _pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while said := await source.read(_CHUNK):
            sink.write(said)
            await sink.drain()
    finally:
        sink.close()
