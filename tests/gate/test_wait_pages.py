"""An outlook that is computed once serves everybody in its window, nobody else, and not for long."""

from __future__ import annotations

import asyncio
import html
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import msgspec
import pytest

from meterai.gate.application import Gate
from meterai.gate.http.server import Request
from meterai.gate.open_event import GateSettings
from meterai.gate.pages import EventFacts, Pages
from meterai.gate.published_cache import PublishedCache
from meterai.gate.waiting.place_in_line import _is_called
from meterai.gate.waiting.presence import Presence
from meterai.gate.waiting.wait_page import WaitPages
from meterai.texts.mechanism.translation import translate
from meterai.texts.queue.gate import TEXTS
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.gate_journal import Journal
from meterai.waiting_room.files.presence import seen_at
from meterai.waiting_room.files.published_documents import Close, Status
from meterai.waiting_room.files.queue_folder import publish
from meterai.waiting_room.files.queue_keys import KEY_ID
from meterai.waiting_room.rules import windows
from meterai.waiting_room.rules.model import U_MAX, Lane, Policy, QueueState
from meterai.waiting_room.rules.tickets import Ticket, event_number
from tests.players.queue_twin import Queue, schedule_from

AHEAD = 3_000
"""People in the window before."""


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    queue = Queue(tmp_path, schedule_from(time.time() - 40, open_s=7_200, window_s=30))
    close = Close(event="casn", window=1, starts_at=0, ends_at=0, count=AHEAD, root="00" * 32, gates=[])
    publish(queue.folder.window_close(1), published_documents.sign(close, queue.keys.controller))
    queue.status(waiting=AHEAD + 10)
    return queue


@pytest.fixture
def published(queue: Queue) -> PublishedCache:
    published = PublishedCache(queue.folder)
    published.look()
    return published


@pytest.fixture
def pages(published: PublishedCache) -> WaitPages:
    return pages_of(published)


def pages_of(published: PublishedCache, zone: str = "Asia/Jakarta") -> WaitPages:
    event = EventFacts("casn", {"id": "CASN", "en": "Selection"}, zone, {"id": ("Surat",), "en": ("Letter",)})
    return WaitPages(Pages("http://localhost:8000"), published, event, "http://localhost:8006")


def ticket_of(number: int, window: int = 2) -> Ticket:
    return Ticket(
        key_id=KEY_ID, event=event_number("casn"), window=window, joined_at=1, lane=Lane.NEW, gate=1,
        sequence=number, id=number.to_bytes(12, "big"),
    )  # fmt: skip


def id_of(number: int) -> bytes:
    return number.to_bytes(12, "little")


def page(pages: WaitPages, number: int, now: float, language: str = "id", window: int = 2) -> str:
    ticket = ticket_of(number, window)
    told = pages.outlook(ticket, now=now, joined_here=10)
    return pages.page(f"{number:0128}", ticket, told, language=language, now=now).decode()


def verdict_on(page: str) -> str:
    found = re.search(r'id="verdict">(.*?)</div>', page, re.S)
    assert found
    return found[1]


def turn_on(page: str) -> str:
    found = re.search(r'id="turn">([^<]*)<', page)
    assert found
    return html.unescape(found[1])


def test_before_the_draw_a_window_is_told_the_same_and_each_has_his_own_ticket(pages: WaitPages) -> None:
    now = time.time()
    assert pages.outlook(ticket_of(1), now=now, joined_here=10) is pages.outlook(
        ticket_of(2), now=now, joined_here=11
    )
    mine, his = page(pages, 1, now), page(pages, 2, now)
    assert (f"{1:0128}" in mine, f"{2:0128}" in mine) == (True, False)
    assert (f"{1:0128}" in his, f"{2:0128}" in his) == (False, True)
    assert turn_on(mine) == turn_on(his)
    assert 'data-window="3"' in page(pages, 3, now, window=3)
    assert "Keep your ticket" in page(pages, 4, now, "en")


@pytest.mark.parametrize("language", ["id", "en"])
def test_a_page_shows_the_newest_head_of_the_log_and_says_what_it_is_good_for(
    queue: Queue, published: PublishedCache, pages: WaitPages, language: str
) -> None:
    queue.status(log=(1_234, "ab" * 16))
    published.look()
    shown = page(pages, 1, time.time(), language)
    assert f'<code id="head">1234:{"ab" * 16}</code>' in shown
    assert {"id": "diubah atau dihapus sesudahnya", "en": "changed or deleted afterwards"}[language] in shown
    published.status = None
    assert 'id="head"' not in page(pages, 2, time.time(), language)


def test_the_time_of_the_turn_goes_on_when_no_new_status_comes(
    published: PublishedCache, pages: WaitPages
) -> None:
    assert published.status is not None
    at = published.status.at
    assert turn_on(page(pages, 1, at)) != turn_on(page(pages, 2, at + 60))


NOON = datetime(2026, 9, 6, 12, 0, 7, tzinfo=UTC).timestamp()
"""20.00.07 in Makassar."""


def queue_with_people_ahead(folder: Path, *, open_s: int) -> Queue:
    """A queue at noon. The first window is over, with everybody in it. So is the second, with nobody."""
    queue = Queue(folder, schedule_from(NOON - 40, open_s=open_s, window_s=30))
    close = Close(event="casn", window=1, starts_at=0, ends_at=0, count=AHEAD, root="00" * 32, gates=[])
    publish(queue.folder.window_close(1), published_documents.sign(close, queue.keys.controller))
    queue.close(2, [])
    return queue


@pytest.mark.parametrize(
    ("language", "turn", "promise", "updated"),
    [
        ("id", "20.05 – 20.06 WITA", "Selesai paling lambat pukul 20.11 WITA", "Diperbarui|20.00.07 WITA"),
        ("en", "20:05 – 20:06 WITA", "Done by 20:11 WITA", "Updated|20:00:07 WITA"),
    ],
)
async def test_every_time_on_the_page_is_that_of_the_event_s_zone(
    tmp_path: Path, language: str, turn: str, promise: str, updated: str
) -> None:
    """People act by this figure. In another zone it would be hours wrong."""
    queue = queue_with_people_ahead(tmp_path, open_s=7_200)
    queue.status(at=int(NOON), waiting=AHEAD)
    published = PublishedCache(queue.folder)
    published.look()
    shown = page(pages_of(published, "Asia/Makassar"), 1, NOON, language)
    assert turn_on(shown) == turn
    assert promise in verdict_on(shown)
    name, at = updated.split("|")
    assert f'<p class="small">{name} <span id="updated">{at}</span></p>' in shown
    assert 'data-zone="Asia/Makassar" data-wib=" WITA"' in shown, "from which its script tells the time"


@pytest.mark.parametrize(
    ("first", "last", "turn", "promise"),
    [
        (39_000, 39_500, "06.50 – 06.58 WITA", "Selesai paling lambat pukul 07.02 WITA</b>"),
        (39_000, 41_000, "06.50 WITA – 07.23 WITA, 7 Sep 2026", "pukul 07.26 WITA, 7 Sep 2026</b>"),
        (90_000, 95_000, "21.00 – 22.23 WITA, 7 Sep 2026", "kembali pukul 19.44 WITA, 7 Sep 2026."),
    ],
)
async def test_a_time_that_is_far_ahead_stands_with_its_day(
    tmp_path: Path, first: int, last: int, turn: str, promise: str
) -> None:
    """Otherwise people would take 20.30 tomorrow for 20.30 today, and wait in vain."""
    queue = queue_with_people_ahead(tmp_path, open_s=600_000)
    sure, even = (last, AHEAD + 1, AHEAD + 1 + last - first), (first, AHEAD // 2, AHEAD + 1)
    queue.status(at=int(NOON), waiting=AHEAD, fan=[even, sure, (last + 9_000, 40_000, 40_000)])
    published = PublishedCache(queue.folder)
    published.look()
    shown = page(pages_of(published, "Asia/Makassar"), 1, NOON)
    assert turn_on(shown) == turn
    assert promise in verdict_on(shown)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "id",
            ["Halaman ini boleh ditutup.", "Tempat Anda ada di tiket", "Siapkan sambil menunggu", "Surat"],
        ),
        ("en", ["You may close this page.", "Your place is in the ticket", "Prepare meanwhile", "Letter"]),
    ],
)
@pytest.mark.parametrize("is_drawn", [True, False])
async def test_who_waits_reads_that_the_page_may_be_closed_and_what_to_prepare(
    queue: Queue, published: PublishedCache, pages: WaitPages, language: str, said: list[str], is_drawn: bool
) -> None:
    if is_drawn:
        queue.close(2, [])
    shown = page(pages, 1, time.time(), language)
    for words in said:
        assert words in shown


def test_an_older_status_is_not_taken_up(queue: Queue, published: PublishedCache) -> None:
    """Of two gates behind one address one may be late. Places would jump back."""
    newest = queue.status(waiting=5)
    assert published.look()
    raw = published.status_raw
    for epoch, sequence in ((newest.epoch, newest.sequence - 1), (newest.epoch - 1, newest.sequence + 1)):
        queue.status(epoch=epoch, sequence=sequence, waiting=AHEAD)
        assert not published.look()
        assert (published.status, published.status_raw) == (newest, raw)
    queue.status(epoch=newest.epoch + 1, sequence=1)
    assert published.look(), "of who leads now, it is newer"


@pytest.mark.parametrize(("language", "said"), [("id", "sudah lama"), ("en", "are old")])
@pytest.mark.parametrize("is_drawn", [True, False])
async def test_who_looks_while_the_controller_is_away_is_told_no_moment_that_is_over(
    queue: Queue, published: PublishedCache, pages: WaitPages, is_drawn: bool, language: str, said: str
) -> None:
    """Otherwise a first promise would be broken before it is given, and it is in the public log."""
    if is_drawn:
        queue.close(2, [])
    now = int(time.time())
    for ago_s, is_old in ((30, False), (7_200, True)):
        queue.status(at=now - ago_s, waiting=AHEAD + 10)
        published.look()
        verdict = pages.outlook(ticket_of(1), now=now, joined_here=10).verdict
        assert (verdict.probability is None) is is_old
        assert (verdict.done_by is None) is (is_old or not is_drawn)
        shown = page(pages, 1, now, language)
        assert (said in shown, turn_on(shown) == translate(TEXTS["unknown_time"], language)) == (
            is_old,
            is_old,
        )
        assert ("%" in verdict_on(shown)) is not is_old
        assert ('data-state="open"' in shown) is not is_old, "its script takes up the next status"


async def test_who_was_called_is_told_when_it_will_be_done_while_the_controller_is_away(
    queue: Queue, published: PublishedCache, pages: WaitPages
) -> None:
    queue.close(2, [])
    queue.status(frontiers=[(3, 0), (0, 0)])
    published.look()
    assert "kira-kira pukul" in page(pages, 1, time.time() + 1_800)


def test_words_of_the_operator_are_on_the_next_page(
    queue: Queue, published: PublishedCache, pages: WaitPages
) -> None:
    now = time.time()
    assert "Bank lambat" not in page(pages, 1, now)
    queue.status(waiting=AHEAD, note=published_documents.Announcement(id="Bank lambat", en="Bank is slow"))
    published.look()
    assert "Bank lambat" in page(pages, 2, now)


async def test_nobody_looks_later_than_calling_at_the_told_rate_asks_for(
    queue: Queue, published: PublishedCache, pages: WaitPages
) -> None:
    """The forecast allows for an outage of many minutes. By it alone the first poll would come after one."""
    queue.close(2, [])
    queue.status(rate=6_000, fan=[(3_000, 0, 5), (9_000, 5, 20_000)], waiting=AHEAD)
    published.look()
    shown = page(pages, 1, time.time())
    assert 'data-poll="8"' in shown, "3,000 people at 100 a second, a quarter of it"


@pytest.mark.parametrize("state", [QueueState.OFF, QueueState.DIRECT])
@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("is_drawn", [True, False])
async def test_who_waits_while_others_enter_freely_is_told_to_enter_too(
    queue: Queue,
    published: PublishedCache,
    pages: WaitPages,
    state: QueueState,
    language: str,
    is_drawn: bool,
) -> None:
    """An operator switched the line off. People who come now walk in; people who waited must not be last."""
    if is_drawn:
        queue.close(2, [])
    queue.status(state=state, waiting=AHEAD, fan=[], rate=0)
    published.look()
    shown = page(pages, 1, time.time(), language)
    address = f"http://localhost:8000{'/en' if language == 'en' else ''}/casn/masuk"
    assert f'action="{address}"' in shown
    assert ("Anda boleh langsung masuk" if language == "id" else "You may enter at once") in shown


LINE_COUNTS = [
    (False, {}, "Your place in line is drawn on"),
    (True, {}, "<b>Done by"),
    (True, {"fan": [(20_000, 20, 4_000)]}, "You are served, also after the closing"),
    (True, {"fan": [(600, 0, 0), (3_600, 0, 0), (40_000, 36_000, 36_400)]}, "come back at"),
]


@pytest.mark.parametrize("is_over", [False, True])
@pytest.mark.parametrize(("is_drawn", "facts", "said"), LINE_COUNTS)
async def test_where_the_line_counts_nobody_reads_of_a_closing_that_can_be_missed(
    tmp_path: Path, is_drawn: bool, facts: dict[str, object], said: str, is_over: bool
) -> None:
    schedule = schedule_from(time.time() - 60, open_s=40 if is_over else 7_200, window_s=20)
    queue = Queue(tmp_path, schedule, policy=Policy(line_counts=True))
    queue.close(1, [])
    if is_drawn:
        queue.close(2, [])
    queue.status(waiting=10, **facts)
    published = PublishedCache(queue.folder)
    published.look()
    shown = page(pages_of(published), 1, time.time(), "en")
    assert said in verdict_on(shown)
    assert "Everybody who takes a place before the closing" in verdict_on(shown)
    for untrue in ("%", "chance", "Closes on", "in time"):
        assert untrue not in verdict_on(shown)


@pytest.mark.parametrize("state", [QueueState.LAST_CALL, QueueState.DIRECT])
@pytest.mark.parametrize("line_counts", [True, False])
async def test_after_the_last_call_who_comes_reads_whether_a_place_still_counts_where_there_are_places(
    tmp_path: Path, line_counts: bool, state: QueueState
) -> None:
    """While everybody may enter, nobody can take a ticket. People who plan to would miss the closing."""
    schedule = schedule_from(time.time() - 60)
    schedule = msgspec.structs.replace(schedule, last_call_at=schedule.opens_at + 10)
    Queue(tmp_path, schedule, policy=Policy(line_counts=line_counts)).status(state=state)
    gate = Gate(GateSettings(number=1, folder=tmp_path, gate_url="http://-", site_url="http://-"), {})
    gate.look()
    request = Request(None, "")
    request.target = b"/en/antre/casn"
    shown = (gate.handle(request) or b"").decode()
    gate.close()
    has_places = state is QueueState.LAST_CALL
    assert ("is served" in shown) is (line_counts and has_places)
    assert ("may not be served before" in shown) is (not line_counts and has_places)
    assert ("You can enter until the closing" in shown) is not has_places


async def test_no_gates_of_two_hosts_have_one_number(tmp_path: Path) -> None:
    """Locks of files don't reach every host, so the sign of life names the host."""
    Queue(tmp_path, schedule_from(time.time() - 60))

    def gate_of(host: str) -> Gate:
        return Gate(
            GateSettings(number=1, folder=tmp_path, gate_url="http://-", site_url="http://-", host_name=host),
            {},
        )

    gate = gate_of("satu")
    gate.look()
    gate.close()
    with pytest.raises(BlockingIOError, match="a gate of the host satu has the number 1"):
        gate_of("dua").look()
    again = gate_of("satu")
    again.look()
    again.close()
    sign = tmp_path / "casn" / "gates" / "1" / "gate.json"
    sign.write_bytes(msgspec.json.encode(msgspec.json.decode(sign.read_bytes()) | {"at": time.time() - 11}))
    moved = gate_of("dua")
    moved.look()
    moved.close()


async def test_how_many_promises_were_kept_is_said_behind_the_promise(
    queue: Queue, published: PublishedCache, pages: WaitPages
) -> None:
    queue.close(2, [])
    for frontier, promise in (((3, 0), "If you enter now"), ((0, 0), "<b>Done by [^<]*</b>")):
        queue.status(frontiers=[frontier, (0, 0)], kept=(95, 100))
        published.look()
        shown = page(pages, 1, time.time(), "en")
        assert re.search(promise + r"[^<]*\. Of 100 such promises so far, 95 were kept", shown)


@pytest.mark.parametrize("line_counts", [False, True])
async def test_who_is_called_shortly_before_the_closing_is_not_sent_to_the_lane_for_latecomers(
    queue: Queue, pages: WaitPages, line_counts: bool
) -> None:
    queue.policy = msgspec.structs.replace(queue.policy, line_counts=line_counts)
    for left_s, is_late in ((1_200, False), (300, True)):
        queue.announce(schedule_from(time.time() - 40, open_s=40 + left_s, window_s=30))
        queue.close(2, [])
        queue.status(frontiers=[(3, 0), (0, 0)])
        published = PublishedCache(queue.folder)
        published.look()
        shown = page(pages_of(published), 1, time.time(), "en")
        assert ("Afterwards you may still enter" in shown) is not is_late
        assert ("afterwards you can&#39;t enter any more" in shown) is (is_late and not line_counts)
        assert ("Enter within 10 minutes" in shown) is (line_counts or not is_late)


@pytest.mark.parametrize(
    ("state", "told"),
    [(QueueState.HALTED, "The queue is held"), (QueueState.OUT_OF_STOCK, "Stamps are out of stock")],
)
async def test_who_is_called_while_nobody_can_enter_is_told_so_and_not_to_enter_within_minutes(
    queue: Queue, published: PublishedCache, pages: WaitPages, state: QueueState, told: str
) -> None:
    queue.close(2, [])
    queue.status(frontiers=[(3, 0), (0, 0)], state=state)
    published.look()
    shown = page(pages, 1, time.time(), "en")
    assert told in shown
    assert "Your time to enter does not run meanwhile." in shown
    assert "Enter within" not in shown


async def test_who_is_drawn_and_can_be_told_no_time_is_not_told_of_a_draw(
    queue: Queue, published: PublishedCache, pages: WaitPages
) -> None:
    for is_drawn in (False, True):
        if is_drawn:
            queue.close(2, [])
        queue.status(fan=[], at=int(time.time()) + (60 if is_drawn else 0))
        published.look()
        shown = verdict_on(page(pages, 1, time.time(), "en"))
        assert "Your place is recorded." in shown
        assert ("are drawn on" in shown) is not is_drawn


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ("stopped", "Stamping is paused for now"),
        ("stalled", "Payments, or the sending of codes, are disturbed"),
    ],
)
async def test_while_stamping_is_stopped_or_nobody_can_buy_nobody_is_told_when_a_stamp_will_be_done(
    queue: Queue, published: PublishedCache, pages: WaitPages, trouble: str, said: str
) -> None:
    queue.close(2, [])
    for frontier, told in (
        ((0, 0), "When stamps will be done can&#39;t be estimated now."),
        ((3, 0), "You may enter, but when your stamp will be done can&#39;t be estimated yet."),
    ):
        queue.status(frontiers=[frontier, (0, 0)], kept=(95, 100), **{trouble: True})
        published.look()
        shown = page(pages, 1, time.time(), "en")
        assert said in shown
        assert told in shown
        for promised in ("Done by", "is done at about", "The chance", "such promises"):
            assert promised not in shown


async def test_after_the_closing_who_was_called_is_not_told_to_enter(
    queue: Queue, published: PublishedCache, pages: WaitPages
) -> None:
    queue.close(2, [])
    queue.status(state=QueueState.CLOSED, frontiers=[(3, 0), (3, 0)], closes_at=int(time.time()) - 600)
    published.look()
    shown = page(pages, 1, time.time())
    assert "Antrean sudah ditutup" in shown
    assert 'action="http://localhost:8000/casn/masuk"' in shown, "an order that was begun is reached by it"
    for untrue in ("Giliran Anda", "Masuklah dalam", "tetap boleh masuk", "kira-kira pukul"):
        assert untrue not in shown
    queue.status(state=QueueState.CLOSED, frontiers=[(2, 0), (2, 0)])
    published.look()
    for whose in (shown, page(pages, 1, time.time())):
        assert "Bila pendaftaran diperpanjang, antrean dapat dibuka lagi" in whose


async def test_who_joined_at_two_gates_is_one_of_the_people_ahead(
    queue: Queue, published: PublishedCache, pages: WaitPages
) -> None:
    """One person has a phone and a laptop. The controller counts people. If the page counted joins, it
    would show another turn than its script, which uses the status."""
    for gate, numbers in ((1, range(100)), (2, range(50))):
        journal = Journal(queue.folder.gate(gate), gate)
        for number in numbers:
            ticket = msgspec.structs.replace(ticket_of(number + 1), gate=gate, id=id_of(number))
            journal.append(2, ticket.data())
        journal.close_through(2, empty_from=0)
        journal.close()
    assert queue.close(2, [1, 2]).count == 150
    places = sorted((published.place_of(2, id_of(number)) or 0, number) for number in range(100))
    (_, last), half = places[-1], U_MAX // 2
    status = queue.status(frontiers=[(2, half), (0, 0)], called=AHEAD + 50)
    published.look()
    ticket = msgspec.structs.replace(ticket_of(last + 1), id=id_of(last))
    expected = pages.outlook(ticket, now=time.time(), joined_here=0).place
    assert abs((expected.number or 0) - AHEAD - 100) <= 10
    await asyncio.sleep(0.05)  # people are sorted meanwhile
    standing = pages.outlook(ticket, now=time.time(), joined_here=0).place
    assert (standing.number, standing.is_exact) == (AHEAD + 100, True)
    assert standing.ahead == AHEAD + 100 - 1 - status.called, "as the script says"
    later = pages.outlook(ticket_of(1, window=3), now=time.time(), joined_here=0).place
    assert later.ahead == AHEAD + 100 - status.called


async def test_who_waits_for_a_late_draw_looks_the_more_seldom_the_longer_it_takes(
    published: PublishedCache, pages: WaitPages
) -> None:
    """The store is down for half an hour. If each person got the whole page every two seconds, it would be
    too much for any gate."""
    now = windows.end_of(published.config.schedule, 2) + 3.0
    for late_s, least, most in ((0, 2, 4), (8, 4, 8), (60, 30, 34), (1_800, 60, 64)):
        seconds = [refresh_on(page(pages, number, now + late_s)) for number in range(200)]
        assert least <= min(seconds) <= max(seconds) <= most, late_s


async def test_a_million_whose_lottery_is_drawn_do_not_look_in_the_same_seconds(
    queue: Queue, published: PublishedCache, pages: WaitPages
) -> None:
    queue.status(waiting=AHEAD + 1_000_000)
    published.look()
    now = windows.end_of(published.config.schedule, 2) - 20.0
    seconds = [refresh_on(page(pages, number, now)) for number in range(1_000)]
    assert min(seconds) >= 23, "nobody before it is drawn"
    assert max(seconds) - min(seconds) > 40
    assert max(map(seconds.count, set(seconds))) < 50, "at most one in twenty in any second"


def test_who_is_there_around_a_closing_that_was_moved_since_is_noted_for_the_new_one(queue: Queue) -> None:
    """Otherwise people who waited a day longer get no certificate: they were seen a day too early."""
    place = queue.folder.gate(1)
    place.mkdir(parents=True)
    presence, ticket = Presence(place), ticket_of(7)
    for now, closes_at in ((1_000, 2_000), (1_500, 2_000), (86_500, 87_000), (86_600, 87_000)):
        presence.present(ticket, now, closes_at=closes_at)
        presence.write()
    assert seen_at(queue.folder, ticket.id) == 86_500
    assert (place / "present").stat().st_size == 2 * 16, "once for each"


def refresh_on(page: str) -> int:
    found = re.search(r'http-equiv="refresh" content="(\d+)"', page)
    assert found
    reload = re.search(r'data-reload="(\d+)"', page)
    assert reload
    assert found[1] == reload[1], "with a script and without"
    return int(found[1])


@pytest.mark.parametrize(
    ("window", "place", "is_called"), [(1, 99, True), (2, 9, True), (2, 10, False), (3, 0, False)]
)
def test_a_page_calls_whom_the_door_lets_in(window: int, place: int, is_called: bool) -> None:
    """A ticket at the frontier itself is next, whatever the returners' frontier says."""
    status = cast(Status, SimpleNamespace(frontiers=[(2, 10), (9, 0)]))
    assert _is_called(status, window, place) is is_called
