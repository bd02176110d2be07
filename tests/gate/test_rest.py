"""With many requests a second the gate rests between turns of its loop, and answers together what came."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager

import pytest

from meterai.gate import http_server
from meterai.gate.http_server import RESTS_FROM, Request, Server, respond
from meterai.kit.http.listening import listen

_ASKS = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class _Page:
    def __init__(self) -> None:
        self.ready: dict[bytes, bytes] = {}
        self.ready_for_strangers: dict[bytes, bytes] = {}

    def handle(self, request: Request) -> bytes:
        return respond(200, b"page")


@contextmanager
def noted_rests(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """The seconds that were rested, one after the other."""
    rests: list[float] = []
    sleep = time.sleep

    def note(seconds: float) -> None:
        rests.append(seconds)
        sleep(seconds)

    with monkeypatch.context() as patched:
        patched.setattr(http_server.time, "sleep", note)
        yield rests


@asynccontextmanager
async def a_server(
    *, requests: int, page: _Page | None = None
) -> AsyncIterator[tuple[Server, tuple[str, int]]]:
    """A server that had so many requests in the last second."""
    server = Server(page or _Page())
    for _ in range(requests):
        server.asked()
    server.sweep()
    with listen("127.0.0.1", 0) as listener:
        listening = await server.listen(listener)
        yield server, listener.getsockname()
        for one in listening:
            one.close()


def ask_all(address: tuple[str, int], people: int) -> int:
    """People who come at the same time, each with a connection; gives how many got the page."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_connection(address, 5)) for _ in range(people)]
        for one in sockets:
            one.sendall(_ASKS)
        return sum(one.recv(1_000).startswith(b"HTTP/1.1 200") for one in sockets)


@pytest.mark.parametrize(("requests", "connections"), [(0, 0), (RESTS_FROM, 0), (100_000, 1)])
async def test_with_few_requests_or_over_few_connections_it_answers_each_at_once(
    requests: int, connections: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_server, "RESTS_WITH", connections)
    with noted_rests(monkeypatch) as rests:
        async with a_server(requests=requests) as (_, address):
            assert await asyncio.to_thread(ask_all, address, 5) == 5
    assert rests == []


async def test_with_many_it_rests_but_not_before_every_connection_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_server, "RESTS_WITH", 0)
    with noted_rests(monkeypatch) as rests:
        async with a_server(requests=RESTS_FROM + 1) as (server, address):
            assert await asyncio.to_thread(ask_all, address, 60) == 60
            assert 1 <= len(rests) <= 20, "a rest after each connection would starve the others"
            server.sweep()  # sixty came: it goes on resting
            server.sweep()  # none came
            rests.clear()
            assert await asyncio.to_thread(ask_all, address, 5) == 5
    assert rests == []


async def test_after_a_turn_that_took_long_it_goes_on_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "RESTS_WITH", 0)
    monkeypatch.setattr(http_server, "TURN_SECONDS", 0.01)

    class Slow(_Page):
        def handle(self, request: Request) -> bytes:
            until = time.monotonic() + 0.02
            while time.monotonic() < until:
                pass
            return super().handle(request)

    with noted_rests(monkeypatch) as rests:
        async with a_server(requests=RESTS_FROM + 1, page=Slow()) as (_, address):
            assert await asyncio.to_thread(ask_all, address, 5) == 5
    assert len(rests) <= 1, "what a full turn gains is lost by a rest after it"
