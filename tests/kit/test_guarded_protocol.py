"""Answers of a real server, byte by byte, also to clients that send no whole request."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import pytest_asyncio
import uvicorn

from meterai.kit.http import guarded_protocol
from meterai.kit.http.guarded_protocol import HEAD_BYTES_MAX, GuardedProtocol
from meterai.kit.http.listening import connections_within_limits
from meterai.kit.settings import Settings
from meterai.processes.site import server_config

HEAD_END = b"\r\n\r\n"
HIDDEN = b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n"
"""A body that is a request, if somebody takes it for one."""

type Wire = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def application(scope: Any, receive: Any, send: Any) -> None:
    path, body = scope["path"], b""
    status = {"/none": 204, "/same": 304}.get(path, 200)
    length = [] if path in ("/stream", "/none", "/same") else [(b"content-length", b"5")]
    if scope["method"] == "POST":
        more = True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
    got = (b"x-got", body.replace(b"\r\n", b"|"))
    await send({"type": "http.response.start", "status": status, "headers": [*length, got]})
    if path == "/stream":
        for chunk in (b"one", b"two"):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await asyncio.sleep(0.05)
    answer = b"" if path in ("/none", "/same", "/stream") else b"hello"
    await send({"type": "http.response.body", "body": answer, "more_body": False})


@asynccontextmanager
async def serving(**told: Any) -> AsyncIterator[tuple[str, int]]:
    """The address of a server that speaks it. `told`: further settings of uvicorn."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            application, http=GuardedProtocol, ws="none", lifespan="off", log_config=None, loop="none", **told
        )
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:
            await asyncio.sleep(0.01)
        yield listener.getsockname()
        server.should_exit = True
        await task


@pytest_asyncio.fixture
async def wire() -> AsyncIterator[Wire]:
    """A connection to a server that speaks it."""
    async with serving() as address:
        reader, writer = await asyncio.open_connection(*address)
        yield reader, writer
        writer.close()


@pytest.mark.parametrize("what", [b"HEAD /", b"GET /none", b"GET /same"])
async def test_an_answer_without_a_body_does_not_wait_for_one(wire: Wire, what: bytes) -> None:
    for _ in range(2):
        head, _ = await ask(wire, what, length=0)
        assert head.startswith(b"HTTP/1.1 ")


async def test_a_stream_leaves_piece_by_piece(wire: Wire) -> None:
    reader, writer = wire
    writer.write(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
    async with asyncio.timeout(5):
        await reader.readuntil(HEAD_END)
        assert await reader.readexactly(8) == b"3\r\none\r\n"
        assert await reader.readexactly(13) == b"3\r\ntwo\r\n0\r\n\r\n"


async def test_who_waits_for_a_word_before_the_body_gets_it_at_once(wire: Wire) -> None:
    reader, writer = wire
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
    async with asyncio.timeout(5):
        assert (await reader.readuntil(HEAD_END)).startswith(b"HTTP/1.1 100 ")
        writer.write(b"abc")
        assert b"x-got: abc" in await reader.readuntil(HEAD_END)
        assert await reader.readexactly(5) == b"hello"


async def test_requests_sent_in_one_go_are_answered_one_after_the_other(wire: Wire) -> None:
    reader, writer = wire
    writer.write(
        b"".join(what + b" HTTP/1.1\r\nHost: x\r\n\r\n" for what in (b"GET /", b"HEAD /", b"GET /none"))
    )
    async with asyncio.timeout(5):
        await reader.readuntil(HEAD_END)
        assert await reader.readexactly(5) == b"hello"
        assert b" 200 " in await reader.readuntil(HEAD_END)
        assert b" 204 " in await reader.readuntil(HEAD_END)


async def test_a_connection_that_ends_with_its_answer_has_all_of_it(wire: Wire) -> None:
    reader, writer = wire
    writer.write(b"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    async with asyncio.timeout(5):
        assert b"connection: close" in await reader.read()


@pytest.mark.parametrize("pause", [0, 0.05])
@pytest.mark.parametrize("offer", ["h2c", "websocket"])
@pytest.mark.parametrize(
    ("framing", "body"),
    [
        (b"Content-Length: %d" % len(HIDDEN), HIDDEN),
        (b"Transfer-Encoding: chunked", b"5\r\nGET /\r\n1c\r\n" + HIDDEN[5:] + b"\r\n0\r\n\r\n"),
        (b"Content-Length: 0", b""),
    ],
)
async def test_a_request_that_offers_another_protocol_keeps_its_body(
    wire: Wire, framing: bytes, body: bytes, offer: str, pause: float
) -> None:
    """As Java's client sends it. Its body is never the next request."""
    reader, writer = wire
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\n%b\r\nUpgrade: %b\r\n\r\n"
    for piece in (head % (framing, offer.encode()), body):
        writer.write(piece)
        await asyncio.sleep(pause)
    async with asyncio.timeout(5):
        answer = await reader.read()
    got = HIDDEN.replace(b"\r\n", b"|") if body else b""
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"x-got: %b\r\n" % got in answer
    assert b"connection: close\r\n" in answer


async def test_nonsense_is_refused(wire: Wire) -> None:
    reader, writer = wire
    writer.write(b"nonsense\r\n\r\n")
    async with asyncio.timeout(5):
        assert (await reader.read()).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "begun",
    [
        b"GET /",
        b"GET / HTTP/1.1\r\nX",
        b"GET / HTTP/1.1\r\nX: ",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: ",
    ],
    ids=["target", "name", "value", "chunk", "trailer"],
)
async def test_who_never_ends_a_line_is_cut_off_before_it_fills_the_memory(wire: Wire, begun: bytes) -> None:
    """The parser reports a header when it is complete. It copies a header together with each further
    piece.
    """
    reader, writer = wire
    writer.write(begun)
    sent = 0
    while sent < 5_000_000 and not reader.at_eof() and not writer.transport.is_closing():
        writer.write(b"a" * 10_000)
        sent += 10_000
        await asyncio.sleep(0.002)
    assert sent < 200_000


async def test_many_headers_are_too_many_in_whatever_pieces_they_come(wire: Wire) -> None:
    reader, writer = wire
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
    line = b"H: x\r\n"
    for _ in range(HEAD_BYTES_MAX // len(line) // 100 + 1):
        await asyncio.sleep(0.001)
        writer.write(line * 100)
    async with asyncio.timeout(5):
        assert (await reader.readline()).startswith(b"HTTP/1.1 400 ")


async def test_a_head_in_many_pieces_and_a_long_body_in_many_are_taken(wire: Wire) -> None:
    reader, writer = wire
    body = b"a" * 3 * HEAD_BYTES_MAX
    head = b"POST / HTTP/1.1\r\nHost: x\r\nCookie: c=%b\r\nContent-Length: %d\r\n\r\n"
    sent = head % (b"x" * (HEAD_BYTES_MAX - 1_000), len(body)) + body
    for start in range(0, len(sent), 1_000):
        writer.write(sent[start : start + 1_000])
        await asyncio.sleep(0)
    async with asyncio.timeout(5):
        assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "begun", [b"", b"\r\n", b"GET / HTTP/1.1\r\nX", b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /"]
)
async def test_who_sends_no_request_or_byte_after_byte_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    """Slowloris: the time runs from the beginning, not from the last byte."""
    monkeypatch.setattr(guarded_protocol, "HEAD_SECONDS", 0.2)
    async with serving() as address, asyncio.timeout(5):
        reader, writer = await asyncio.open_connection(*address)
        writer.write(begun)
        reading = asyncio.create_task(reader.read())
        while not reading.done():
            await asyncio.sleep(0.02)
            writer.write(begun[-1:])
        writer.close()
        with suppress(ConnectionError):
            assert (await reading).startswith(b"HTTP/1.1 200 " if begun.endswith(b"GET /") else b"")


async def test_a_body_may_come_slowly_and_the_next_request_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded_protocol, "HEAD_SECONDS", 0.1)
    async with serving() as address:
        reader, writer = await asyncio.open_connection(*address)
        for _ in range(2):
            writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n")
            await asyncio.sleep(0.2)
            writer.write(b"abc")
            async with asyncio.timeout(5):
                assert b"x-got: abc" in await reader.readuntil(HEAD_END)
                assert await reader.readexactly(5) == b"hello"
            await asyncio.sleep(0.2)
        writer.close()


async def test_of_connections_there_are_no_more_than_there_may_be() -> None:
    """Each takes a file from who serves."""
    assert server_config(Settings(), application).limit_concurrency == connections_within_limits(20_000) + 1
    async with serving(limit_concurrency=3) as address, asyncio.timeout(5):
        people = [await asyncio.open_connection(*address) for _ in range(2)]
        reader, _ = too_many = await asyncio.open_connection(*address)
        with suppress(ConnectionError):
            assert await reader.read() == b""
        for wire in people:
            assert (await ask(wire, b"GET /"))[1] == b"hello"
        people.pop()[1].close()
        await asyncio.sleep(0.05)
        people.append(await asyncio.open_connection(*address))
        assert (await ask(people[1], b"GET /"))[1] == b"hello"
        for _, writer in (*people, too_many):
            writer.close()


async def ask(wire: Wire, what: bytes, *, length: int = 5) -> tuple[bytes, bytes]:
    """Head and body of an answer."""
    reader, writer = wire
    writer.write(what + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    async with asyncio.timeout(5):
        return await reader.readuntil(HEAD_END), await reader.readexactly(length)


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
@pytest.mark.parametrize(
    "hosts",
    [
        b"",
        b"Host:\r\n",
        b"Host: x\r\nHost: x\r\n",
        b"Host: x\r\nHost: y\r\n",
        b"Host: x, y\r\n",
        b"Host: x/y\r\n",
        b"Host: a@x\r\n",
        b"Host: x y\r\n",
    ],
)
async def test_a_request_names_one_host(wire: Wire, version: bytes, hosts: bytes) -> None:
    reader, writer = wire
    writer.write(b"POST / HTTP/%b\r\n%bContent-Length: 3\r\n\r\nabc" % (version, hosts) + HIDDEN)
    async with asyncio.timeout(5):
        answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("host", [b"meterai.example", b"127.0.0.1:8000", b"[::1]:8000", b"my_host.x-y:1"])
async def test_every_kind_of_host_is_one(wire: Wire, host: bytes) -> None:
    reader, writer = wire
    writer.write(b"GET / HTTP/1.1\r\nHost: %b\r\n\r\n" % host)
    async with asyncio.timeout(5):
        assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
