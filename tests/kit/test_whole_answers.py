"""Answers of a real server, byte by byte: in one piece where they can be, else as uvicorn sends them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
import pytest_asyncio
import uvicorn

from meterai.kit.whole_answers import WholeAnswers, _Joining

HEAD_END = b"\r\n\r\n"

type Wire = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def application(scope: Any, receive: Any, send: Any) -> None:
    path, body = scope["path"], b""
    status = {"/none": 204, "/same": 304}.get(path, 200)
    length = [] if path in ("/stream", "/none", "/same") else [(b"content-length", b"5")]
    if scope["method"] == "POST":
        body = (await receive())["body"]
    await send({"type": "http.response.start", "status": status, "headers": [*length, (b"x-got", body)]})
    if path == "/stream":
        for chunk in (b"one", b"two"):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await asyncio.sleep(0.05)
    answer = b"" if path in ("/none", "/same", "/stream") else b"hello"
    await send({"type": "http.response.body", "body": answer, "more_body": False})


@pytest_asyncio.fixture
async def wire() -> AsyncIterator[Wire]:
    """A connection to a server that speaks it."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(application, http=WholeAnswers, lifespan="off", log_config=None, loop="none")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:
            await asyncio.sleep(0.01)
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        yield reader, writer
        writer.close()
        server.should_exit = True
        await serving


async def test_head_and_body_leave_in_one_write(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []
    count = _Joining.write

    def write(joining: Any, data: bytes) -> None:
        transport = joining._transport
        joining._transport = Noting(transport, written)
        count(joining, data)
        joining._transport = transport

    monkeypatch.setattr(_Joining, "write", write)
    for _ in range(2):
        head, body = await ask(wire, b"GET /")
        assert (head.split(b"\r\n")[0], body) == (b"HTTP/1.1 200 OK", b"hello")
    assert written == [2, 2], "pieces of each write"


class Noting:
    """A transport that notes how many pieces each write has."""

    def __init__(self, transport: Any, written: list[int]) -> None:
        self._transport = transport
        self._written = written

    def write(self, data: bytes) -> None:
        self._written.append(1)
        self._transport.write(data)

    def writelines(self, pieces: Sequence[bytes]) -> None:
        self._written.append(len(pieces))
        self._transport.writelines(pieces)


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


async def test_nonsense_is_refused(wire: Wire) -> None:
    reader, writer = wire
    writer.write(b"nonsense\r\n\r\n")
    async with asyncio.timeout(5):
        assert (await reader.read()).startswith(b"HTTP/1.1 400 ")


async def ask(wire: Wire, what: bytes, *, length: int = 5) -> tuple[bytes, bytes]:
    """Head and body of an answer."""
    reader, writer = wire
    writer.write(what + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    async with asyncio.timeout(5):
        return await reader.readuntil(HEAD_END), await reader.readexactly(length)
