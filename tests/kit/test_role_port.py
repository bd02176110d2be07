"""The port for monitors: alive, ready, and what was counted."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.role_port import NotReady, Readiness, answer, port_of, role_port, writable
from tests.ports import free_port


class Parts:
    """Two parts of a role, and what they say."""

    def __init__(self) -> None:
        self.trouble: Exception | None = None
        self.asked = 0
        self.now = 0.0

    async def database(self) -> None:
        self.asked += 1
        if self.trouble is not None:
            raise self.trouble

    async def jail(self) -> None:
        pass

    def readiness(self) -> Readiness:
        parts = {"database": self.database, "jail": self.jail}
        return Readiness("test", parts, clock=lambda: self.now)


async def status_and_text(target: str, readiness: Readiness, method: str = "GET") -> tuple[int, str]:
    head, _, body = (await answer(f"{method} {target} HTTP/1.1\r\n\r\n".encode(), readiness)).partition(
        b"\r\n\r\n"
    )
    return int(head.split()[1]), body.decode()


async def test_it_says_what_is_missing_and_no_more() -> None:
    parts = Parts()
    readiness = parts.readiness()
    assert await status_and_text("/readyz", readiness) == (200, "ok\n")
    for trouble, said in (
        (NotReady("takes nothing"), "database: takes nothing\n"),
        (Refusal(Kind.UNAVAILABLE, "key.away"), "database: key.away\n"),
        (OSError("postgresql://meterai:secret@db.example"), "database: OSError\n"),
    ):
        parts.trouble, parts.now = trouble, parts.now + 2
        assert await status_and_text("/readyz?x=1", readiness) == (503, said)
        assert await status_and_text("/healthz", readiness) == (200, "ok\n"), "it asks no part"
    assert (
        'meterai_ready{part="database",role="test"} 0.0' in (await status_and_text("/metrics", readiness))[1]
    )
    assert 'meterai_ready{part="jail",role="test"} 1.0' in (await status_and_text("/metrics", readiness))[1]


async def test_a_part_that_does_not_answer_keeps_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meterai.kit.http.role_port.PART_SECONDS_MAX", 0.01)

    async def stands() -> None:
        await asyncio.Event().wait()

    readiness = Readiness("test", {"signer": stands, "database": Parts().database})
    assert await status_and_text("/readyz", readiness) == (503, "signer: TimeoutError\n")


async def test_many_who_ask_ask_the_parts_once_a_second() -> None:
    parts = Parts()
    readiness = parts.readiness()
    await asyncio.gather(*(readiness.missing() for _ in range(20)))
    assert parts.asked == 1
    parts.now += 1
    await readiness.missing()
    assert parts.asked == 2


async def test_it_answers_three_questions_by_get_and_head_alone() -> None:
    readiness = Parts().readiness()
    assert await status_and_text("/healthz", readiness, "HEAD") == (200, "")
    assert (await status_and_text("/healthz", readiness, "POST"))[0] == 405
    assert (await status_and_text("/", readiness))[0] == 404


async def test_it_listens_for_this_machine_and_a_busy_port_stops_nobody() -> None:
    port = free_port()
    async with role_port(f"{port - 1}+1", "test"), role_port(str(port), "second"), role_port("0", "none"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 200 OK\r\n")
        writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"x" * 20_000)
        assert await reader.read() == b""
        writer.close()
    assert port_of("8060+12") == 8072


async def test_a_folder_is_writable_or_can_be_made(tmp_path: Path) -> None:
    await writable(tmp_path / "queue")()
    readiness = Readiness("test", {"folder": writable(tmp_path / "not" / "there")})
    assert await readiness.missing() == {"folder": "can't be written"}
