"""While nobody has to wait, a join gives no ticket and opens no queue: the gate sends people to the site."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from meterai.gate.joining.ticket_issuer import STATUS_IS_ALIVE_S, TicketIssuer
from meterai.gate.published_cache import PublishedCache
from meterai.waiting_room.files.published_documents import Announcement
from meterai.waiting_room.rules import rate_control
from meterai.waiting_room.rules.model import Policy, QueueState, Schedule
from meterai.waiting_room.rules.rate_control import DIRECT_AFTER_S
from meterai.waiting_room.rules.rate_model import (
    ControllerMemory,
    LineCounts,
    OperatorWishes,
    SiteMeasurements,
)
from meterai.web.line.queues import Queues
from tests.gate.visitor import get, join, post
from tests.players.queue_twin import GateProcess, Queue, schedule_from

SITE = "http://127.0.0.1:9"


@pytest.fixture
def free(tmp_path: Path) -> Iterator[tuple[Queue, GateProcess]]:
    """A queue in which nobody waits, and its gate."""
    queue = Queue(tmp_path, schedule_from(time.time(), window_s=3_600))
    queue.status(state=QueueState.DIRECT)
    with GateProcess(queue.root) as gate:
        yield queue, gate


def publish(queue: Queue, state: QueueState) -> None:
    queue.status(state=state)
    time.sleep(0.4)  # the gate looks four times a second


@pytest.mark.journey
def test_who_joins_is_sent_to_the_purchase_and_no_queue_is_opened(free: tuple[Queue, GateProcess]) -> None:
    queue, gate = free
    answer = join(gate.port, "ani@contoh.id")
    assert (answer.status, answer.headers["location"]) == (303, f"{SITE}/beli?acara=casn")
    assert "set-cookie" not in answer.headers
    english = post(gate.port, "/en/antre/casn", {"kontak": "ani@contoh.id"})
    assert english.headers["location"] == f"{SITE}/en/beli?acara=casn"
    assert not list(queue.folder.gate(1).glob("*.joins")), "whoever is counted as waiting opens the queue"
    page = get(gate.port, "/antre/casn").text
    assert f'href="{SITE}/beli?acara=casn"' in page
    assert 'name="kontak"' not in page, "there is no place to take"


@pytest.mark.journey
def test_who_has_a_ticket_keeps_it_and_others_at_the_same_phone_get_none(
    free: tuple[Queue, GateProcess],
) -> None:
    queue, gate = free
    publish(queue, QueueState.OPEN)
    ticket = join(gate.port, "ani@contoh.id").ticket
    publish(queue, QueueState.DIRECT)
    assert join(gate.port, "ani@contoh.id", Cookie=f"antre_casn={ticket}").ticket == ticket
    assert get(gate.port, f"/antre/casn/t/{ticket}").status == 200
    budi = join(gate.port, "budi@contoh.id", Cookie=f"antre_casn={ticket}")
    assert budi.headers["location"] == f"{SITE}/beli?acara=casn"
    publish(queue, QueueState.OPEN)
    assert join(gate.port, "budi@contoh.id").ticket != ticket


@pytest.mark.journey
def test_a_ticket_that_the_site_refused_is_forgotten_by_its_link_and_by_no_other(
    free: tuple[Queue, GateProcess],
) -> None:
    """With the gate on a host of its own, the site can't delete the cookie. The same contact would get the
    same ticket again."""
    queue, gate = free
    publish(queue, QueueState.OPEN)
    ticket = join(gate.port, "ani@contoh.id").ticket
    kept = {"Cookie": f"antre_casn={ticket}"}
    assert join(gate.port, "ani@contoh.id", **kept).ticket == ticket
    queues = Queues(None, queue.root, f"http://127.0.0.1:{gate.port}")  # type: ignore[arg-type]
    for language in ("id", "en"):
        link = urlsplit(queues.join_page("casn", language, instead_of=ticket))
        page = get(gate.port, f"{link.path}?{link.query}", **kept)
        assert (page.status, 'name="kontak"' in page.text) == (200, True)
        assert page.headers["set-cookie"].startswith("antre_casn=; Path=/; Max-Age=0;")
    others = urlsplit(queues.join_page("casn", "id", instead_of=ticket[::-1]))
    for query in (others.query, ""):
        page = get(gate.port, f"/antre/casn?{query}", **kept)
        assert (page.ticket, "set-cookie" in page.headers) == (ticket, False), (
            "nobody else takes a place away"
        )
    now = int(time.time())
    queue.announce(msgspec.structs.replace(queue.schedule, joins_from=now, opens_at=now, first_window=9))
    publish(queue, QueueState.OPEN)
    assert join(gate.port, "ani@contoh.id").read.window == 9


@pytest.mark.journey
@pytest.mark.parametrize("first_window", [2, 9], ids=["at-once", "long-after"])
@pytest.mark.parametrize("language", ["", "/en"])
def test_a_ticket_from_before_time_was_cut_anew_opens_its_page(
    free: tuple[Queue, GateProcess], first_window: int, language: str
) -> None:
    """They were called and went away. Then nobody waited for a time, and later people waited again. The
    page lets them in."""
    queue, gate = free
    publish(queue, QueueState.OPEN)
    ticket = join(gate.port, "ani@contoh.id").ticket
    now = int(time.time())
    anew = {"joins_from": now, "opens_at": now, "first_window": first_window}
    queue.announce(msgspec.structs.replace(queue.schedule, **anew))
    publish(queue, QueueState.OPEN)
    assert ticket in get(gate.port, f"{language}/antre/casn/t/{ticket}").text
    queue.announce(Schedule(joins_from=now - 1, opens_at=now - 1, closes_at=now))
    publish(queue, QueueState.CLOSED)
    assert ticket in get(gate.port, f"{language}/antre/casn/t/{ticket}").text, "nor by an earlier closing"


@pytest.mark.parametrize("step", range(1, 6))
def test_a_status_is_taken_up_with_the_rules_that_were_published_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """After an hour in which nobody had to wait, the schedule changes while a gate looks. By the old rules it
    would close all windows of that hour, and people who join would be drawn an hour later."""
    now = int(time.time())
    queue = Queue(tmp_path, schedule_from(now - 3_600, open_s=7_200))
    queue.status(state=QueueState.DIRECT)
    published = PublishedCache(queue.folder)
    published.look()
    issuer = TicketIssuer(published, queue.keys, gate=1)
    queue.announce(msgspec.structs.replace(queue.schedule, last_call_at=queue.schedule.closes_at))
    queue.status(state=QueueState.DIRECT)
    anew = msgspec.structs.replace(queue.schedule, joins_from=now, opens_at=now)
    steps = 0

    def publish_before[T](read: Callable[..., T]) -> Callable[..., T]:
        def reading(path: Path, *others: Any, **more: Any) -> T:
            nonlocal steps
            steps += path in (queue.folder.config, queue.folder.status)
            if steps == step and queue.schedule != anew:
                queue.announce(anew)
                queue.status()
            return read(path, *others, **more)

        return reading

    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", publish_before(os.stat))
        patch.setattr(Path, "read_bytes", publish_before(Path.read_bytes))
        for _ in range(2):
            published.look()
            issuer.close_windows()
            assert issuer.journal.closed_through == 0, "of all that hour none"
    assert queue.schedule == anew, "it was published at such a moment"
    assert published.config.schedule == anew
    assert published.status is not None
    assert published.status.state is QueueState.OPEN
    issuer.close()


def test_a_gate_that_has_not_heard_of_the_queue_for_a_while_gives_tickets(tmp_path: Path) -> None:
    queue, now = Queue(tmp_path, schedule_from(time.time())), 1_000.0
    published = PublishedCache(queue.folder, monotonic=lambda: now)
    queue.status(state=QueueState.DIRECT)
    published.look()
    issuer = TicketIssuer(published, queue.keys, gate=1, monotonic=lambda: now)
    assert issuer.enters_directly()
    now += STATUS_IS_ALIVE_S + 1
    assert not issuer.enters_directly(), "the site may be full, or gone"
    issuer.close()


def test_before_the_opening_everybody_takes_a_place_in_the_draw(tmp_path: Path) -> None:
    queue = Queue(tmp_path, schedule_from(time.time(), lottery_s=600))
    queue.status(state=QueueState.OFF)  # as the status says until the controller has seen that joins began
    published = PublishedCache(queue.folder)
    published.look()
    issuer = TicketIssuer(published, queue.keys, gate=1)
    assert not issuer.enters_directly()
    issuer.close()


def test_everybody_stands_in_line_as_long_as_an_operator_wishes() -> None:
    schedule, memory, states = schedule_from(0), ControllerMemory(), {}
    for now in range(100, 200):
        step = rate_control.step(
            memory,
            schedule=schedule,
            policy=Policy(),
            wishes=OperatorWishes(is_on=True, always=120 <= now < 150),
            measured=SiteMeasurements(heard_s=0.5),
            line=LineCounts(waiting=0, called=0, claimed=0),
            now=now,
            elapsed_s=1.0,
        )
        memory, states[now] = step.memory, step.state
    free_again = 150 + int(DIRECT_AFTER_S)
    assert {states[now] for now in range(100, 120)} == {QueueState.DIRECT}
    assert {states[now] for now in range(120, free_again - 1)} == {QueueState.OPEN}
    assert {states[now] for now in range(free_again, 200)} == {QueueState.DIRECT}


@pytest.mark.journey
def test_the_kept_page_with_the_form_says_what_is_so_now_and_to_each_only_their_own(
    free: tuple[Queue, GateProcess],
) -> None:
    queue, gate = free
    publish(queue, QueueState.OPEN)
    plain, english = get(gate.port, "/antre/casn").text, get(gate.port, "/en/antre/casn").text
    assert (get(gate.port, "/antre/casn").text, "Ambil tempat" in plain) == (plain, True)
    assert ("Take a place" in english, "Ambil tempat" in english) == (True, False)
    refused = post(gate.port, "/antre/casn", {"kontak": "bukan alamat"}).text
    assert 'value="bukan alamat"' in refused
    assert get(gate.port, "/antre/casn").text == plain
    queue.status(note=Announcement(id="Pembayaran lambat", en="Payments are slow"))
    time.sleep(0.4)  # the gate looks four times a second
    assert "Pembayaran lambat" in get(gate.port, "/antre/casn").text
    assert "Payments are slow" in get(gate.port, "/en/antre/casn").text
    publish(queue, QueueState.DIRECT)
    assert 'name="kontak"' not in get(gate.port, "/antre/casn").text
