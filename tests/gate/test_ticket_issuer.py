"""A ticket is given only when its record is on the disk."""

from __future__ import annotations

import asyncio
import os
import resource
import threading
import time
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from meterai.gate.http.server import Request
from meterai.gate.joining.join_load import JoinLoad
from meterai.gate.joining.join_work import JoinWork
from meterai.gate.joining.joining import Joining
from meterai.gate.joining.mail_domains import MailDomains
from meterai.gate.joining.ticket_issuer import CLOSED_AT_ONCE, IssuedTicket, TicketIssuer
from meterai.gate.published_cache import PublishedCache
from meterai.gate.waiting.presence import Presence
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.network_limits import NetworkLimits
from meterai.waiting_room.files import gate_register, published_documents
from meterai.waiting_room.files.gate_journal import Batch, Journal, read_joins
from meterai.waiting_room.files.join_counts import MARK_EVERY
from meterai.waiting_room.files.published_documents import Close, GateCount
from meterai.waiting_room.files.queue_folder import publish
from meterai.waiting_room.files.restore_files import rewind
from meterai.waiting_room.files.window_files import GateSign
from meterai.waiting_room.rules.model import Lane, QueueState
from meterai.waiting_room.rules.tickets import Ticket
from tests.players.queue_twin import Queue, schedule_from


class SlowDisk:
    """A journal whose disk answers when the test lets it, or always fails."""

    def __init__(self, journal: Journal, *, breaks: bool = False) -> None:
        self._journal, self._breaks = journal, breaks
        self.lets = threading.Event()
        self.visits = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._journal, name)

    def write(self) -> Batch | None:
        batch = self._journal.write()
        self.visits += batch is not None
        return batch and _SlowBatch(batch, self)

    def wait(self) -> None:
        if self._breaks:
            raise OSError("no space left")
        self.lets.wait(5)


class _SlowBatch(Batch):
    __slots__ = ("disk",)

    def __init__(self, batch: Batch, disk: SlowDisk) -> None:
        super().__init__(batch.files, batch.last_sequence, batch.high_file)
        object.__setattr__(self, "disk", disk)

    def sync(self) -> None:
        self.disk.wait()
        Batch.sync(self)


def a_room(root: Path, *, breaks: bool = False) -> tuple[TicketIssuer, SlowDisk]:
    queue = Queue(root, schedule_from(time.time()))
    issuer = TicketIssuer(PublishedCache(queue.folder), queue.keys, gate=1)
    disk = SlowDisk(issuer.journal, breaks=breaks)
    issuer.journal = disk  # type: ignore[assignment]
    return issuer, disk


def a_room_that_breaks(root: Path) -> tuple[TicketIssuer, asyncio.Task[None], int]:
    """A person has joined, and the disk will fail now. Returns the issuer, its keeper and the window."""
    issuer, _ = a_room(root, breaks=True)
    keeper = asyncio.create_task(issuer.keep())
    window = issuer.window()
    assert window is not None
    issuer.issue(issuer.id_of("email:ani@contoh.id"), window.number)
    issuer.when_durable(lambda _: None)
    return issuer, keeper, window.number


async def test_nobody_is_told_of_a_ticket_before_the_disk_has_it(tmp_path: Path) -> None:
    issuer, disk = a_room(tmp_path)
    keeper = asyncio.create_task(issuer.keep())
    told: list[bool] = []
    window = issuer.window()
    assert window is not None
    id = issuer.id_of("email:ani@contoh.id")
    first = issuer.issue(id, window.number)
    issuer.when_durable(told.append)
    await asyncio.sleep(0.1)
    again = issuer.issue(id, window.number)  # the form was sent twice
    assert again.text == first.text
    assert not again.is_durable, "it waits for the disk like the first"
    issuer.when_durable(told.append)
    await asyncio.sleep(0.1)
    assert told == []
    disk.lets.set()
    await asyncio.sleep(0.2)
    assert told == [True, True]
    keeper.cancel()
    with suppress(asyncio.CancelledError):
        await keeper


async def test_a_broken_disk_gives_no_ticket_until_it_takes_them_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("meterai.gate.joining.ticket_issuer._AGAIN_S", 0.05)
    issuer, disk = a_room(tmp_path, breaks=True)
    keeper = asyncio.create_task(issuer.keep())
    told: list[bool] = []
    window = issuer.window()
    assert window is not None
    id = issuer.id_of("email:ani@contoh.id")
    issuer.issue(id, window.number)
    issuer.when_durable(told.append)
    with monkeypatch.context() as full:
        full.setattr("meterai.gate.joining.ticket_issuer._try_to_write", lambda folder: disk.wait())
        await asyncio.sleep(0.2)
        assert told == [False]
        with pytest.raises(OSError, match="takes no joins"):
            issuer.issue(id, window.number)
    await asyncio.sleep(0.2)
    assert issuer.issue(id, window.number).ticket.sequence == 2, (
        "the first may lie on the disk, unseen by all"
    )
    issuer.when_durable(told.append)
    await asyncio.sleep(0.2)
    assert told == [False, True]
    keeper.cancel()
    issuer.close()


async def test_who_joins_while_the_disk_fails_gets_no_ticket_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record was never written. If the ticket counted as durable, somebody else would get it again."""
    monkeypatch.setattr("meterai.gate.joining.ticket_issuer._AGAIN_S", 0.05)
    issuer, disk = a_room(tmp_path)

    def fail_late() -> None:
        disk.lets.wait(5)
        raise OSError("input/output error")

    monkeypatch.setattr(disk, "wait", fail_late)
    keeper = asyncio.create_task(issuer.keep())
    window = issuer.window()
    assert window is not None
    told: list[tuple[str, bool]] = []

    def join(name: str) -> IssuedTicket:
        issued = issuer.issue(issuer.id_of(f"email:{name}@contoh.id"), window.number)
        issuer.when_durable(lambda is_durable: told.append((name, is_durable)))
        return issued

    def join_again(is_durable: bool) -> None:
        with pytest.raises(OSError, match="takes no joins"):
            join("citra")
        told.append(("citra", False))

    join("ani")
    issuer.when_durable(join_again)
    await asyncio.sleep(0.1)
    join("budi")
    disk.lets.set()
    await asyncio.sleep(0.3)
    assert told == [("ani", False), ("citra", False), ("budi", False)]
    after = join("dewi")
    await asyncio.sleep(0.2)
    assert told[-1] == ("dewi", True)
    keeper.cancel()
    issuer.close()
    [path] = issuer.published.folder.gate(1).glob("w*.joins")
    written = {ticket.sequence: ticket.id for ticket in read_joins(path)}
    assert sorted(written) == [1, 2], "the first lies on the disk, unseen by all"
    assert written[2] == after.ticket.id == issuer.id_of("email:dewi@contoh.id")


def test_what_a_gate_does_not_know_is_known_to_the_next_that_opens_its_files(tmp_path: Path) -> None:
    queue = Queue(tmp_path, schedule_from(time.time()))
    folder = queue.folder.gate(1)
    lost = Journal(folder, 1, published_high=5_000)
    assert lost.lost
    first = lost.next_sequence()
    lost.abandon()  # before anybody joined
    publish(folder / "gate.json", msgspec.json.encode(GateSign(gate=1, unsure_through=7)))
    issuer = TicketIssuer(PublishedCache(queue.folder), queue.keys, gate=1)
    assert issuer.journal.next_sequence() >= first > 1_000_000
    assert issuer.journal.unsure_through == 7
    issuer.close()


def test_files_of_windows_that_can_not_be_closed_are_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = Queue(tmp_path, schedule_from(time.time()))
    issuer = TicketIssuer(PublishedCache(queue.folder), queue.keys, gate=1)
    issuer.issue(issuer.id_of("email:ani@contoh.id"), 1)

    def refuse(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("meterai.waiting_room.files.gate_journal.publish", refuse)
    with pytest.raises(OSError, match="no space"):
        issuer.journal.close_through(1, empty_from=1)
    issuer.journal.abandon()
    held = []
    for name in os.listdir("/proc/self/fd"):
        with suppress(OSError):
            held.append(os.readlink(f"/proc/self/fd/{name}"))
    assert not [path for path in held if path.startswith(str(tmp_path))]


def test_a_disk_that_takes_a_part_of_the_pings_forgets_none(tmp_path: Path) -> None:
    presence, ready = Presence(tmp_path), tmp_path / "w1.ready"
    tickets = [
        Ticket(
            key_id=1, event=1, window=1, joined_at=0, lane=Lane.NEW, gate=1, sequence=n, id=bytes([n]) * 12
        )
        for n in range(1, 4)
    ]
    presence.ready(tickets[0])
    presence.write()
    for ticket in tickets[1:]:
        presence.ready(ticket)
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, usual[1]))
    try:
        with pytest.raises(OSError, match="8 of 24 bytes"):
            presence.write()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert ready.stat().st_size == 12
    presence.write()
    assert ready.read_bytes() == b"".join(ticket.id for ticket in tickets)


async def test_files_that_can_not_be_read_anew_yet_are_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk had room for the trial file only. The lock is released."""
    monkeypatch.setattr("meterai.gate.joining.ticket_issuer._AGAIN_S", 0.05)
    issuer, keeper, window = a_room_that_breaks(tmp_path)
    recover, tries = Journal._recover, []

    def full_at_first(journal: Journal, *known: int) -> None:
        tries.append(known)
        if len(tries) < 3:
            raise OSError("no space left")
        recover(journal, *known)

    monkeypatch.setattr(Journal, "_recover", full_at_first)
    await asyncio.sleep(0.4)
    assert len(tries) == 3
    assert issuer.issue(issuer.id_of("email:budi@contoh.id"), window).ticket.sequence == 2
    keeper.cancel()
    issuer.close()


async def test_a_number_that_was_taken_while_the_disk_was_full_ends_the_gate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("meterai.gate.joining.ticket_issuer._AGAIN_S", 0.5)
    issuer, keeper, _ = a_room_that_breaks(tmp_path)
    while not issuer._is_broken:
        await asyncio.sleep(0.005)
    another = Journal(issuer.published.folder.gate(1), 1)
    with pytest.raises(BlockingIOError):
        await asyncio.wait_for(keeper, 5)
    another.close()


async def test_joins_that_come_one_after_the_other_share_visits_to_the_disk(tmp_path: Path) -> None:
    issuer, disk = a_room(tmp_path)
    disk.lets.set()
    keeper = asyncio.create_task(issuer.keep())
    told: list[bool] = []
    window = issuer.window()
    assert window is not None
    began = time.monotonic()
    for number in range(60):
        issuer.issue(issuer.id_of(f"email:orang{number}@contoh.id"), window.number)
        issuer.when_durable(told.append)
        await asyncio.sleep(0.005)
    took = time.monotonic() - began  # a busy machine may take much longer than 0.3 s
    await asyncio.sleep(0.1)
    assert told == [True] * 60
    assert 2 <= disk.visits <= took / 0.03 + 3, "a visit costs more than a join"
    keeper.cancel()
    with suppress(asyncio.CancelledError):
        await keeper


@pytest.mark.parametrize("place", ["the register", "the file of the window"])
async def test_a_ticket_that_could_not_be_made_leaves_no_hole_in_the_sequences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """The disk is full for a moment as a window begins. A hole would look as if somebody was removed."""
    queue = Queue(tmp_path, schedule_from(time.time(), window_s=3_600))
    issuer = TicketIssuer(PublishedCache(queue.folder), queue.keys, gate=1)
    load = JoinLoad("off", 50)
    joining = Joining(issuer, JoinWork(bytes(32), load, MailDomains()), NetworkLimits(), load)

    def refuse(*_: object) -> int:
        raise OSError("no space left")

    with monkeypatch.context() as full:
        if place == "the register":
            full.setattr(gate_register, "publish", refuse)
        else:
            full.setattr(Journal, "_open", refuse)
        for number in range(3):
            with pytest.raises(Refusal) as caught:
                joining.join(form_of(f"email{number}@contoh.id"), "127.0.0.1", monotonic=0)
            assert (caught.value.kind, caught.value.code) == (Kind.UNAVAILABLE, "disk.failed")
    for number in range(3):
        issued = joining.join(form_of(f"email{number}@contoh.id"), "127.0.0.1", monotonic=0)
        assert isinstance(issued, IssuedTicket)
        assert issued.ticket.sequence == number + 1
    issuer.close()


@pytest.mark.parametrize("shift_s", [-7_200, -30, 30, 7_200])
def test_a_wrong_clock_stays_corrected_while_no_controller_is_heard(tmp_path: Path, shift_s: int) -> None:
    """This holds for longer than a status is current. A window that a gate closes accepts nobody any more."""
    began, passed = int(time.time()), 0.0
    queue = Queue(tmp_path, schedule_from(began, window_s=10))
    published = PublishedCache(queue.folder, monotonic=lambda: passed)
    issuer = TicketIssuer(
        published, queue.keys, gate=1, wall=lambda: began + passed + shift_s, monotonic=lambda: passed
    )
    published.look()
    queue.status()
    published.look()
    passed = 300.0
    issuer.close_windows()
    assert abs(issuer.now() - (began + 300)) <= 2
    window = issuer.window()
    assert window is not None
    assert abs(window.starts_at - (began + 300)) <= 12
    issuer.close()


def test_a_status_from_before_the_start_says_nothing_of_the_time_now(tmp_path: Path) -> None:
    """The status came from a controller that ended hours ago, before the gate started."""
    began, passed = int(time.time()), 0.0
    queue = Queue(tmp_path, schedule_from(began, window_s=10))
    queue.status()
    published = PublishedCache(queue.folder, monotonic=lambda: passed)
    published.look()
    hours_later = began + 7_200
    issuer = TicketIssuer(
        published, queue.keys, gate=1, wall=lambda: hours_later + passed, monotonic=lambda: passed
    )
    passed = 11.0
    published.look()
    assert issuer.now() == hours_later + 11
    issuer.close()


def form_of(contact: str) -> Request:
    request = Request(None, "127.0.0.1")
    request.body = b"kontak=" + contact.encode()
    return request


def publish_ends(queue: Queue, windows: range) -> None:
    """The ends of windows. In each of them one person joined at gate 7."""
    for window in windows:
        count = GateCount(gate=7, count=1, first_sequence=window, last_sequence=window, root="")
        close = Close(
            event="casn", window=window, starts_at=0, ends_at=0, count=1, root="00" * 32, gates=[count]
        )
        path = queue.folder.window_close(window)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(published_documents.sign(close, queue.keys.controller))


def test_a_gate_that_starts_reads_no_ends_of_windows_that_any_gate_has_read(tmp_path: Path) -> None:
    """Checking the signatures of three weeks of windows takes a minute, in which nobody could join."""
    queue = Queue(tmp_path, schedule_from(time.time()))
    publish_ends(queue, range(1, MARK_EVERY + 20))
    queue.folder.gate(3).mkdir(parents=True)
    before = PublishedCache(queue.folder)
    before.look()
    before.keep_counts(3)
    publish_ends(queue, range(MARK_EVERY + 20, MARK_EVERY + 30))
    for window in range(1, MARK_EVERY + 19):
        queue.folder.window_close(window).write_bytes(b"it would not be believed")
    published = PublishedCache(queue.folder)
    published.look()
    assert published.closed_through == MARK_EVERY + 29, "and it goes on from there"
    assert (published.people_in(5), published.people_before(MARK_EVERY + 30)) == (1, MARK_EVERY + 29)
    assert published.highest_sequence(7) == MARK_EVERY + 29

    queue.folder.window_close(MARK_EVERY + 19).write_bytes(b"that of another time")
    assert PublishedCache(queue.folder).highest_sequence(7) == 0, "then everything is read"


def test_a_gate_reads_the_ends_of_a_closed_queue_when_that_goes_on(tmp_path: Path) -> None:
    queue = Queue(tmp_path, schedule_from(time.time()))
    publish_ends(queue, range(1, 5))
    queue.status(state=QueueState.CLOSED)
    published = PublishedCache(queue.folder)
    published.look()
    assert (published.closed_through, published.is_closed(4)) == (-1, True)
    queue.status()
    published.look()
    assert published.closed_through == 4


def test_a_gate_that_starts_reads_nothing_of_its_own_that_is_published(tmp_path: Path) -> None:
    queue = Queue(tmp_path, schedule_from(time.time()))
    issuer = TicketIssuer(PublishedCache(queue.folder), queue.keys, gate=1)
    for window in (1, 2):
        issuer.issue(issuer.id_of("email:ani@contoh.id"), window)
        issuer.journal.close_through(window, empty_from=1)
    issuer.close()
    queue.close(1, [1])
    written = issuer.journal.close_path(1)
    written.write_bytes(b"not read")
    published = PublishedCache(queue.folder)
    published.look()
    again = TicketIssuer(published, queue.keys, gate=1)
    assert written.read_bytes() == b"not read", "else it would be counted and closed anew"
    assert (again.journal.next_sequence(), again.journal.lost) == (3, False)
    again.close()


@pytest.mark.parametrize("is_there", [True, False], ids=["there", "lost"])
def test_a_gate_that_starts_looks_for_what_it_wrote_after_it_was_declared_dead(
    tmp_path: Path, is_there: bool
) -> None:
    queue = Queue(tmp_path, schedule_from(time.time()))
    issuer = TicketIssuer(PublishedCache(queue.folder), queue.keys, gate=1)
    for window in (1, 2):
        issuer.issue(issuer.id_of("email:ani@contoh.id"), window)
        issuer.journal.close_through(window, empty_from=1)
    issuer.journal.close_through(3, empty_from=3)
    issuer.close()
    queue.close(1, [1])
    for window in (2, 3):
        queue.close(window, [])
    if not is_there:
        for path in queue.folder.gate(1).glob("w2.*"):
            path.unlink()
    published = PublishedCache(queue.folder)
    published.look()
    assert (published.closed_through, published.highest_sequence(1)) == (3, 1)
    again = TicketIssuer(published, queue.keys, gate=1)
    assert again.journal.lost is not is_there
    assert (again.journal.next_sequence() == 3) is is_there
    again.close()


def test_a_gate_notes_what_it_has_read(tmp_path: Path) -> None:
    queue = Queue(tmp_path, schedule_from(time.time()))
    publish_ends(queue, range(1, MARK_EVERY))
    queue.status()
    issuer = TicketIssuer(PublishedCache(queue.folder), queue.keys, gate=1)
    issuer.published.keep_counts(1)
    assert queue.folder.counts_mark(1).exists()
    issuer.close()


@pytest.mark.parametrize(("closed_through", "stays"), [(MARK_EVERY, True), (MARK_EVERY - 1, False)])
def test_what_gates_noted_of_windows_that_are_closed_anew_is_forgotten(
    tmp_path: Path, closed_through: int, stays: bool
) -> None:
    queue = Queue(tmp_path, schedule_from(time.time()))
    publish_ends(queue, range(1, MARK_EVERY + 1))
    queue.folder.gate(1).mkdir(parents=True)
    published = PublishedCache(queue.folder)
    published.look()
    published.keep_counts(1)
    rewind(queue.folder, log_size=0, closed_through=closed_through, revealed_through=0)
    assert queue.folder.counts_mark(1).exists() is stays


def test_a_clock_that_goes_ahead_by_a_month_does_not_keep_everybody_waiting(tmp_path: Path) -> None:
    """This happens after a virtual machine was suspended: a quarter of a million windows are over at once."""
    began, passed = int(time.time()), 0
    queue = Queue(tmp_path, schedule_from(began, open_s=60 * 86_400))
    issuer = TicketIssuer(PublishedCache(queue.folder), queue.keys, gate=1, wall=lambda: began + passed)
    passed = 30 * 86_400
    for times in (1, 2):
        issuer.close_windows()
        assert len(list(queue.folder.gate(1).glob("w*.close.json"))) == times * CLOSED_AT_ONCE
    window = issuer.window()
    assert window is not None
    assert 0 <= began + passed - window.starts_at < 10
    issuer.issue(issuer.id_of("email:ani@contoh.id"), window.number)
    issuer.close()
