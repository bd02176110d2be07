"""The audit: an honest evening passes, and every violation that an operator with all keys plants is found."""

from __future__ import annotations

import asyncio
import re
import shutil
import tracemalloc
from collections.abc import Callable
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from meterai.cli.main import build
from meterai.kernel.refusals import Refusal
from meterai.texts.queue.audit_findings import CHECKS, WORDS
from meterai.waiting_room.auditing.findings import Report
from meterai.waiting_room.auditing.notes import Notes
from meterai.waiting_room.auditing.replay import audit
from meterai.waiting_room.auditing.sources import FolderSource, HttpSource, Unreadable
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.log_facts import CLOCK_SET_RIGHT
from meterai.waiting_room.files.public_log import ENTRIES, HEADS, EntryKind
from meterai.waiting_room.files.published_documents import Close, Config, Head, Reveal, Status
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.files.window_files import digest
from meterai.waiting_room.rules.bypasses import inside_bound
from meterai.waiting_room.rules.certificate import Attempt
from meterai.waiting_room.rules.draw import place_of, window_seed
from meterai.waiting_room.rules.model import Lane, Policy
from meterai.waiting_room.rules.tickets import decode_ticket, join_record
from tests.gate.visitor import get
from tests.players.queue_twin import GateProcess
from tests.storage_fixtures import TestCluster
from tests.waiting_room import status_plants
from tests.waiting_room.evening import SCHEDULE, Evening, spend_evening
from tests.waiting_room.forger import Forger
from tests.waiting_room.line import forged

pytestmark = pytest.mark.storage


@pytest.fixture(scope="module")
def evening(cluster: TestCluster, tmp_path_factory: pytest.TempPathFactory) -> Evening:
    """An evening that is over."""
    folder = QueueFolder(tmp_path_factory.mktemp("queues") / "casn")

    async def spend() -> Evening:
        async with cluster.database() as database:
            return await spend_evening(database, folder)

    return asyncio.run(spend())


@pytest.fixture
def forger(evening: Evening, tmp_path: Path) -> Forger:
    """A copy of its folder, for changes by an operator with all keys."""
    shutil.copytree(evening.folder.path, tmp_path / "casn")
    return Forger(QueueFolder(tmp_path / "casn"), evening.statuses)


def audited(folder: QueueFolder, **more: object) -> Report:
    return audit(FolderSource(folder.public), pause=lambda seconds: None, **more)  # type: ignore[arg-type]


def text_of(evening: Evening, name: str) -> str:
    return next(one.text for one in evening.people if one.contact == f"email:{name}@contoh.id")


def run_audit(*words: str) -> tuple[int, str]:
    """Gives the command. Returns its exit code, and what it said."""
    answer = CliRunner().invoke(build("queue audit"), ["queue", "audit", *words])
    return answer.exit_code, answer.output


def certificate_of(evening: Evening, name: str) -> Attempt:
    return published_documents.decode(evening.certificates[f"email:{name}@contoh.id"], Attempt)


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.findings}


def test_an_honest_evening_passes_and_is_counted(evening: Evening) -> None:
    report = audited(evening.folder)
    assert report.findings == []
    assert report.verdict == "passes"
    let_in = [person for person in evening.people if person.has_pass]
    assert sum(report.claims.values()) == len(let_in)
    assert report.claims["in_flight"] == report.claims["returner"] == 1
    assert report.people == len({person.contact for person in evening.people}) - 3, "three were lost"
    assert (report.late_tickets, report.certificates) == (3, 3)
    assert report.dead_gates == 3, "in the windows of the losses, and in that of a return"
    assert report.bypasses == {"was_inside": 1}
    assert report.inside_stated == 3 * inside_bound(0), "the lottery, the opening, and a second line"
    assert report.held.keys() == {"operator"}
    assert report.held["operator"] > 6, "a halt, and a cap of 0"
    assert report.warnings == []
    told = published_documents.decode(evening.folder.status.read_bytes(), Status)
    assert abs(report.called - told.called) <= 1
    assert sum(report.claims.values()) < report.called < report.people
    assert 60 < report.called_in_a_minute <= report.called
    assert [action.action for action in report.operator_actions] == [
        "halt",
        "resume",
        "announce",
        "cap",
        "cap",
    ]
    assert (report.promises.given, report.promises.let_in) == (2, 2)
    assert report.seeds == "operator-trusted"
    assert all(check.examined for check in report.checks)


def test_the_first_window_is_that_of_the_first_rules_also_when_time_is_cut_anew_before_it_closes(
    forger: Forger,
) -> None:
    path = forger.folder.config_version(9)
    path.write_bytes(forger.folder.config.read_bytes())
    opens_at = SCHEDULE.opens_at
    again = msgspec.structs.replace(SCHEDULE, joins_from=opens_at, first_window=2)
    raw = forger.change_document(path, Config, version=9, schedule=again)
    forger.insert(1, EntryKind.CONFIG, {"sha256": digest(raw), "version": 9})
    forger.write()
    found = codes(audited(forger.folder))
    # The evening's own second version follows, and its window 1 ended as if time had not been cut.
    assert found == {"rules.order", "window.end"}, "windows begin at 0"


def test_every_status_of_an_honest_evening_passes(evening: Evening) -> None:
    report = audited(evening.folder, kept_statuses=evening.statuses)
    assert report.findings == []
    examined = {check.check: check.examined for check in report.checks}
    assert examined["status"] == len(evening.statuses) + 1


def test_what_an_honest_controller_would_have_written_passes(forger: Forger) -> None:
    forger.write()
    assert audited(forger.folder).findings == [], "the planted violations are all that is found below"


# ---------------------------------------------------------------------------------------- planted violations

type Plant = Callable[[Forger], None]
PLANTS: list[tuple[str, Plant]] = []


def plants(code: str) -> Callable[[Plant], Plant]:
    """The violation makes the audit find `code`."""

    def note(plant: Plant) -> Plant:
        PLANTS.append((code, plant))
        return plant

    return note


def claim_of(forger: Forger, lane: Lane = Lane.NEW) -> int:
    """A claim in the middle of the log, of a person in a gate's list."""
    late = {entry.facts["id"] for entry in forger.entries if entry.what is EntryKind.LATE_TICKET}
    found = [
        n
        for n, entry in enumerate(forger.entries)
        if entry.what is EntryKind.CLAIM and entry.facts["lane"] == lane and entry.facts["id"] not in late
    ]
    return found[len(found) // 2]


def last_claim(forger: Forger) -> int:
    return max(n for n, entry in enumerate(forger.entries) if entry.what is EntryKind.CLAIM)


@plants("claim.unlisted")
def vip(forger: Forger) -> None:
    """A row that somebody added to the store by hand. The controller logs it like any other."""
    n = last_claim(forger)
    id = bytes(range(12))
    seed = bytes.fromhex(forger.entries[forger.find(EntryKind.REVEAL)].facts["seed"])
    place = str(place_of(seed, id))
    facts = forger.entries[n].facts | {"id": id.hex(), "window": 0, "place": place, "sequence": 900}
    forger.insert(n + 1, EntryKind.CLAIM, facts | {"pass_id": "00000000-0000-7000-8000-000000000000"})


@plants("claim.not_called")
def jumps_the_line(forger: Forger) -> None:
    n = claim_of(forger)
    window = forger.entries[n].facts["window"]
    forger.move(n, forger.find(EntryKind.REVEAL, lambda facts: facts["window"] == window) + 1)


@plants("claim.not_called")
def before_the_seed(forger: Forger) -> None:
    forger.move(claim_of(forger), 1)


@plants("claim.place")
def better_place(forger: Forger) -> None:
    forger.change(claim_of(forger), place="17")


@plants("claim.lane")
def newcomer_as_returner(forger: Forger) -> None:
    first = min(n for n, entry in enumerate(forger.entries) if entry.what is EntryKind.CLAIM)
    forger.change(first, lane=int(Lane.RETURNER))


@plants("claim.lane")
def returner_as_newcomer(forger: Forger) -> None:
    forger.change(claim_of(forger, Lane.RETURNER), lane=int(Lane.NEW))


@plants("claim.after_closing")
def let_in_when_the_line_had_been_sent_home(forger: Forger) -> None:
    forger.change(last_claim(forger), at=SCHEDULE.closes_at + 60)


@plants("claim.after_closing")
def let_in_after_the_closing_with_rules_that_change_nothing(forger: Forger) -> None:
    at = SCHEDULE.closes_at + 60
    new_rules(forger, len(forger.entries), at=at)
    forger.move(last_claim(forger), len(forger.entries))
    forger.change(len(forger.entries) - 1, at=at)


@plants("claim.before_rules")
def let_in_before_there_was_a_queue(forger: Forger) -> None:
    forger.change(claim_of(forger), at=forger.entries[0].at - 3_600)


@plants("claim.before_call")
def let_in_before_the_call(forger: Forger) -> None:
    n = claim_of(forger)
    forger.change(n, at=forger.entries[n].at - 20)


@plants("claim.logged_late")
def let_in_later_than_the_time_says(forger: Forger) -> None:
    forger.move(forger.find(EntryKind.CLAIM), last_claim(forger))


@plants("claim.past_closing")
def let_in_after_the_closing_with_a_time_before_it(forger: Forger) -> None:
    forger.move(last_claim(forger), len(forger.entries))


@plants("claim.in_future")
def let_in_with_a_time_to_come(forger: Forger) -> None:
    n = claim_of(forger)
    forger.change(n, at=forger.entries[n].at + 60)


@plants("claim.twice")
def twice(forger: Forger) -> None:
    n = claim_of(forger)
    again = forger.entries[n].facts | {"pass_id": "00000000-0000-7000-8000-000000000001"}
    forger.insert(n + 1, EntryKind.CLAIM, again)


@plants("claim.pass_twice")
def one_pass_for_two(forger: Forger) -> None:
    n = claim_of(forger)
    forger.change(last_claim(forger), pass_id=forger.entries[n].facts["pass_id"])


@plants("claim.late_unlogged")
def silent_late_ticket(forger: Forger) -> None:
    del forger.entries[forger.find(EntryKind.LATE_TICKET)]


@plants("late.gate_alive")
def gate_was_not_dead(forger: Forger) -> None:
    del forger.entries[forger.find(EntryKind.DEAD_GATE)]


def late_ticket_of(forger: Forger, id: bytes, *, window: int, gate: int) -> None:
    """Lets in an invented person with a late ticket."""
    seed = bytes.fromhex(forger.entries[forger.find(EntryKind.REVEAL)].facts["seed"])
    n, ticket = last_claim(forger), {"id": id.hex(), "window": window, "gate": gate, "sequence": 1}
    claim = ticket | {"place": str(place_of(seed, id)), "lane": int(Lane.RETURNER)}
    claim |= {"pass_id": "00000000-0000-7000-8000-000000000002"}
    forger.insert(n + 1, EntryKind.CLAIM, claim)
    forger.insert(n + 1, EntryKind.LATE_TICKET, ticket | {"joined_at": SCHEDULE.opens_at - 1})


@plants("late.death_afterwards")
def a_gate_that_never_was_is_declared_dead_when_the_seed_is_known(forger: Forger) -> None:
    late_ticket_of(forger, bytes(range(12)), window=0, gate=9)
    forger.insert(last_claim(forger) - 1, EntryKind.DEAD_GATE, {"window": 0, "gate": 9})


@plants("late.backdated")
def backdated(forger: Forger) -> None:
    n = forger.find(EntryKind.LATE_TICKET)
    forger.change(n, joined_at=forger.entries[n].facts["joined_at"] + 30)


@plants("late.sequence")
def late_ticket_with_a_used_sequence(forger: Forger) -> None:
    n = forger.find(EntryKind.LATE_TICKET)
    forger.change(n, sequence=1)


@plants("late.sequence")
def late_ticket_with_a_sequence_of_tomorrow(forger: Forger) -> None:
    forger.change(forger.find(EntryKind.LATE_TICKET), sequence=3_000_000)


@plants("window.count")
def minted(forger: Forger) -> None:
    forger.set_records(0, [*forger.records(0), bytes(range(12)) + b"\x00\x02\x00\x00\x00\x64"])


@plants("window.root")
def minted_in_place_of_another(forger: Forger) -> None:
    records = forger.records(0)
    forger.set_records(0, [bytes(range(12)) + records[0][12:], *records[1:]])


@plants("seed.wrong")
def minted_and_closed_anew(forger: Forger) -> None:
    """The seed follows from the list. An operator who changes the list after the seed has the wrong seed."""
    records = forger.records(0)
    forger.close_anew(0, [bytes(range(12)) + records[0][12:], *records[1:]])


@plants("claim.place")
def minted_and_seeded_anew(forger: Forger) -> None:
    """With a seed that fits, everybody else has another place than at their entry."""
    records = forger.records(0)
    root = forger.close_anew(0, [bytes(range(12)) + records[0][12:], *records[1:]])
    n = forger.find(EntryKind.REVEAL)
    seed = window_seed(bytes.fromhex(forger.entries[n].facts["link"]), root).hex()
    forger.change(n, seed=seed)
    forger.change_document(forger.folder.window_reveal(0), Reveal, seed=seed)


@plants("sequence.hole")
def somebody_removed(forger: Forger) -> None:
    records = forger.records(0)
    forger.close_anew(0, [*records[:3], *records[4:]])


@plants("sequence.twice")
def same_ticket_in_two_windows(forger: Forger) -> None:
    mine = forger.records(0)
    forger.close_anew(1, sorted([mine[-1], *forger.records(1)], key=lambda record: record[12:]))


@plants("window.unsorted")
def unsorted(forger: Forger) -> None:
    records = forger.records(0)
    forger.close_anew(0, [records[1], records[0], *records[2:]])


@plants("window.unsorted")
def gates_unsorted(forger: Forger) -> None:
    records = forger.records(0)
    forger.close_anew(0, [records[-1], *records[:-1]])


@plants("window.gates")
def gate_counted_otherwise(forger: Forger) -> None:
    path = forger.folder.window_close(0)
    gates = published_documents.decode(path.read_bytes(), Close).gates
    raw = forger.change_document(
        path, Close, gates=[*gates[:-1], msgspec.structs.replace(gates[-1], count=1)]
    )
    forger.change(forger.find(EntryKind.CLOSE), sha256=digest(raw))


@plants("window.gates")
def gate_that_nobody_joined_at(forger: Forger) -> None:
    path = forger.folder.window_close(0)
    gates = published_documents.decode(path.read_bytes(), Close).gates
    more = msgspec.structs.replace(gates[-1], gate=99)
    raw = forger.change_document(path, Close, gates=[*gates, more])
    forger.change(forger.find(EntryKind.CLOSE), sha256=digest(raw))


@plants("window.people")
def more_people_than_joined(forger: Forger) -> None:
    """Their share of the window would be called as if other people stood in it."""
    path = forger.folder.window_close(0)
    people = published_documents.decode(path.read_bytes(), Close).people
    assert people is not None
    raw = forger.change_document(path, Close, people=people + 1)
    forger.change(forger.find(EntryKind.CLOSE), sha256=digest(raw))


@plants("window.changed")
def people_whom_no_database_counts(forger: Forger) -> None:
    forger.change_document(forger.folder.window_close(0), Close, people=2**63)


@plants("window.order")
def windows_swapped(forger: Forger) -> None:
    first = forger.find(EntryKind.CLOSE, lambda facts: facts["window"] == 2)
    second = forger.find(EntryKind.CLOSE, lambda facts: facts["window"] == 3)
    forger.entries[first], forger.entries[second] = forger.entries[second], forger.entries[first]


def close_at(forger: Forger, window: int, at: int, **told: object) -> None:
    """Changes the time at which a window ended, in document and log."""
    raw = forger.change_document(forger.folder.window_close(window), Close, **told)
    n = forger.find(EntryKind.CLOSE, lambda facts: facts["window"] == window)
    forger.change(n, at=at, sha256=digest(raw))


@plants("window.early")
def the_lottery_ends_early_so_that_its_round_of_the_beacon_is_known(forger: Forger) -> None:
    close_at(forger, 0, SCHEDULE.opens_at - 10, ends_at=SCHEDULE.opens_at - 10)


@plants("window.end")
def an_end_that_is_still_to_come(forger: Forger) -> None:
    """It would excuse late tickets that are made afterwards, and a later secret cut of time."""
    n = forger.find(EntryKind.CLOSE, lambda facts: facts["window"] == 2)
    close_at(forger, 2, forger.entries[n].at, ends_at=forger.entries[n].at + 60)


@plants("log.clock")
def rules_from_before_so_that_a_round_of_the_beacon_is_known(forger: Forger) -> None:
    """Windows that begin an hour ago also end an hour ago."""
    n = after_window(forger, 3)
    cut_anew(forger, n, 3, back_s=60)


@plants("log.clock")
def rules_from_before_to_which_the_clock_went_back_little_by_little(forger: Forger) -> None:
    n = after_window(forger, 3)
    cut_anew(forger, n, 3, back_s=60)
    stands = forger.entries[max(move for move in moves_of(forger) if move < n)].facts
    for back_s in range(56, 0, -7):
        forger.insert(n, EntryKind.FRONTIER, stands, forger.entries[n - 1].at - back_s)


def last_back(forger: Forger, what: EntryKind) -> None:
    n = max(n for n, entry in enumerate(forger.entries) if entry.what is what)
    forger.change(n, at=forger.entries[n].at - 60)


@plants("log.clock")
def an_end_of_a_window_from_before(forger: Forger) -> None:
    last_back(forger, EntryKind.CLOSE)


@plants("log.clock")
def a_seed_from_before(forger: Forger) -> None:
    last_back(forger, EntryKind.REVEAL)


@plants("log.clock")
def a_call_from_before(forger: Forger) -> None:
    last_back(forger, EntryKind.FRONTIER)


@plants("window.missing")
def no_close_document(forger: Forger) -> None:
    forger.folder.window_close(2).unlink()


@plants("window.forged")
def close_by_another_key(forger: Forger) -> None:
    forger.change_document(forger.folder.window_close(2), Close, key=Ed25519PrivateKey.generate())


@plants("window.changed")
def close_says_something_else(forger: Forger) -> None:
    forger.change_document(forger.folder.window_close(2), Close, starts_at=0)


@plants("window.list_missing")
def no_list(forger: Forger) -> None:
    forger.folder.window_ids(0).unlink()


@plants("seed.early")
def seed_before_the_list(forger: Forger) -> None:
    forger.move(forger.find(EntryKind.REVEAL, lambda facts: facts["window"] == 2), 2)


@plants("seed.order")
def seeds_swapped(forger: Forger) -> None:
    first = forger.find(EntryKind.REVEAL, lambda facts: facts["window"] == 2)
    second = forger.find(EntryKind.REVEAL, lambda facts: facts["window"] == 3)
    forger.entries[first], forger.entries[second] = forger.entries[second], forger.entries[first]


@plants("seed.link")
def link_of_another_chain(forger: Forger) -> None:
    n = forger.find(EntryKind.REVEAL)
    root = bytes.fromhex(forger.entries[forger.find(EntryKind.CLOSE)].facts["root"])
    seed = window_seed(bytes(32), root).hex()
    forger.change(n, link=bytes(32).hex(), seed=seed)
    forger.change_document(forger.folder.window_reveal(0), Reveal, link=bytes(32).hex(), seed=seed)


@plants("seed.link")
def link_of_another_window(forger: Forger) -> None:
    n = forger.find(EntryKind.REVEAL, lambda facts: facts["window"] == 3)
    forger.change(n, link=forger.entries[forger.find(EntryKind.REVEAL)].facts["link"])


@plants("seed.wrong")
def seed_swapped(forger: Forger) -> None:
    forger.change(forger.find(EntryKind.REVEAL), seed=bytes(32).hex())
    forger.change_document(forger.folder.window_reveal(0), Reveal, seed=bytes(32).hex())


@plants("seed.beacon_unpromised")
def beacon_that_the_rules_do_not_promise(forger: Forger) -> None:
    """The seed fits it, and nobody can ask a source for it: its inventor chose who is first."""
    n, value = forger.find(EntryKind.REVEAL), bytes(range(32))
    root = bytes.fromhex(forger.entries[forger.find(EntryKind.CLOSE)].facts["root"])
    seed = window_seed(bytes.fromhex(forger.entries[n].facts["link"]), root, value).hex()
    told = {"beacon": f"7:{value.hex()}", "seed": seed}
    forger.change(n, **told)
    forger.change_document(forger.folder.window_reveal(0), Reveal, **told)


@plants("seed.missing")
def no_seed_document(forger: Forger) -> None:
    forger.folder.window_reveal(2).unlink()


@plants("seed.forged")
def seed_by_another_key(forger: Forger) -> None:
    forger.change_document(forger.folder.window_reveal(2), Reveal, key=Ed25519PrivateKey.generate())


@plants("seed.changed")
def phones_get_another_seed(forger: Forger) -> None:
    forger.change_document(forger.folder.window_reveal(2), Reveal, seed=bytes(32).hex())


@plants("seed.beacon")
def beacon_was_promised(forger: Forger) -> None:
    raw = forger.change_document(forger.folder.config, Config, beacon="drand-quicknet")
    forger.folder.config_version(1).write_bytes(raw)
    forger.change(0, sha256=digest(raw))


def moves_of(forger: Forger) -> list[int]:
    moves = [n for n, entry in enumerate(forger.entries) if entry.what is EntryKind.FRONTIER]
    return [n for n in moves if forger.entries[n].facts["lane"] == Lane.NEW]


def move_of(forger: Forger, number: int) -> int:
    return moves_of(forger)[number]


@plants("frontier.back")
def frontier_back(forger: Forger) -> None:
    n = move_of(forger, 3)
    forger.insert(n + 1, EntryKind.FRONTIER, forger.entries[n].facts | {"window": 0, "x": "1"})


@plants("frontier.unknown")
def frontier_over_a_secret_window(forger: Forger) -> None:
    n = move_of(forger, 3)
    forger.insert(n + 1, EntryKind.FRONTIER, forger.entries[n].facts | {"window": 900, "x": "0"})


@plants("frontier.after_closing")
def called_after_the_closing_and_let_in_with_a_time_before_it(forger: Forger) -> None:
    facts = forger.entries[move_of(forger, -1)].facts
    further = facts | {"x": str(int(facts["x"]) + 1), "rate": 0}
    forger.insert(len(forger.entries), EntryKind.FRONTIER, further, SCHEDULE.closes_at + 60)


@plants("frontier.too_many")
def the_lottery_is_called_at_once_and_few_come(forger: Forger) -> None:
    claims = [n for n, entry in enumerate(forger.entries) if entry.what is EntryKind.CLAIM]
    for n in reversed(claims[::2]):
        del forger.entries[n]
    first, *others = moves_of(forger)
    forger.change(first, window=1, x="0")
    for n in [first, *others]:
        forger.change(n, rate=min(140, forger.entries[n].facts["rate"]))
    for n in reversed(others):
        if forger.entries[n].facts["window"] == 0:
            del forger.entries[n]
    forger.insert(1, EntryKind.OPERATOR, {"action": "cap", "value": "140", "reason": "bank minta pelan"})


@plants("frontier.returners")
def everybody_is_a_returner(forger: Forger) -> None:
    n = move_of(forger, 8)
    forger.insert(n + 1, EntryKind.FRONTIER, forger.entries[n].facts | {"lane": int(Lane.RETURNER)})


@plants("frontier.epoch")
def old_controller(forger: Forger) -> None:
    forger.change(move_of(forger, 8), epoch=0)


@plants("rate.over_cap")
def rate_over_the_cap(forger: Forger) -> None:
    forger.change(move_of(forger, 3), rate=601)


@plants("rate.over_cap")
def rate_over_the_cap_of_new_rules(forger: Forger) -> None:
    """New rules hold beside the operator's cap, whichever came last."""
    n = forger.find(EntryKind.OPERATOR, lambda facts: facts["action"] == "cap") + 1
    new_rules(forger, n, at=forger.entries[n - 1].at, policy=Policy(rate_cap=200, claim_minutes=1))


@plants("rate.over_cap")
def rate_over_the_operators_cap(forger: Forger) -> None:
    n = forger.find(EntryKind.OPERATOR, lambda facts: facts["action"] == "cap")
    forger.change(n, value="40", at=forger.entries[0].at)
    forger.move(n, 1)


@plants("rate.too_many")
def everybody_at_once(forger: Forger) -> None:
    at = forger.entries[forger.find(EntryKind.CLAIM)].at
    for n, entry in enumerate(forger.entries):
        if entry.what is EntryKind.CLAIM:
            forger.change(n, at=at)


@plants("rate.halted")
def entered_while_halted(forger: Forger) -> None:
    n = forger.find(EntryKind.OPERATOR, lambda facts: facts["action"] == "resume")
    del forger.entries[n]


@plants("operator.silent")
def no_reason(forger: Forger) -> None:
    forger.change(forger.find(EntryKind.OPERATOR), reason=" ")


@plants("operator.silent")
def no_act(forger: Forger) -> None:
    forger.change(forger.find(EntryKind.OPERATOR), action=" ")


@plants("operator.bypass")
def bypass_without_reason(forger: Forger) -> None:
    forger.change(forger.find(EntryKind.BYPASS), why="")


@plants("certificate.not_joined")
def certificate_for_a_stranger(forger: Forger) -> None:
    forger.change(forger.find(EntryKind.CERTIFICATE), id=bytes(12).hex())


@plants("certificate.let_in")
def certificate_for_somebody_let_in(forger: Forger) -> None:
    forger.change(forger.find(EntryKind.CERTIFICATE), id=forger.entries[claim_of(forger)].facts["id"])


@plants("certificate.twice")
def certificate_twice(forger: Forger) -> None:
    n = forger.find(EntryKind.CERTIFICATE)
    forger.insert(n + 1, EntryKind.CERTIFICATE, forger.entries[n].facts)


@plants("certificate.early")
def certificate_before_the_closing(forger: Forger) -> None:
    forger.change(forger.find(EntryKind.CERTIFICATE), at=forger.entries[0].at)


@plants("rules.first")
def no_rules(forger: Forger) -> None:
    forger.move(0, 3)


@plants("rules.unlogged")
def other_rules_than_those_logged(forger: Forger) -> None:
    config = published_documents.decode(forger.folder.config.read_bytes(), Config)
    policy = msgspec.structs.replace(config.policy, line_counts=True)
    forger.change_document(forger.folder.config, Config, policy=policy, version=9)


@plants("rules.changed")
def rules_swapped(forger: Forger) -> None:
    config = published_documents.decode(forger.folder.config.read_bytes(), Config)
    policy = msgspec.structs.replace(config.policy, rate_cap=9_999)
    forger.change_document(forger.folder.config_version(1), Config, policy=policy)


@plants("rules.forged")
def rules_by_another_key(forger: Forger) -> None:
    forger.change_document(forger.folder.config_version(1), Config, key=Ed25519PrivateKey.generate())


@plants("rules.missing")
def rules_not_published(forger: Forger) -> None:
    forger.insert(5, EntryKind.CONFIG, forger.entries[0].facts | {"version": 9})


@plants("rules.order")
def rules_of_yesterday(forger: Forger) -> None:
    forger.insert(5, EntryKind.CONFIG, forger.entries[0].facts)


@plants("rules.commitment")
def another_commitment(forger: Forger) -> None:
    path = forger.folder.config_version(9)
    path.write_bytes(forger.folder.config.read_bytes())
    raw = forger.change_document(path, Config, version=9, commitment=bytes(32).hex())
    forger.insert(5, EntryKind.CONFIG, {"sha256": digest(raw), "version": 9})


@plants("rules.commitment")
def tickets_under_another_key(forger: Forger) -> None:
    """All tickets become invalid."""
    new_rules(forger, 5, ticket_keys={1: bytes(32).hex()})


@plants("rules.commitment")
def another_source_of_randomness(forger: Forger) -> None:
    new_rules(forger, len(forger.entries) - 1, beacon="drand " + bytes(32).hex())


def new_rules(forger: Forger, n: int, *, at: int | None = None, **changes: object) -> None:
    """Signs, publishes and logs another version."""
    path = forger.folder.config_version(9)
    path.write_bytes(forger.folder.config.read_bytes())
    raw = forger.change_document(path, Config, version=9, **changes)
    forger.folder.config.write_bytes(raw)
    forger.insert(n, EntryKind.CONFIG, {"sha256": digest(raw), "version": 9}, at)


def after_window(forger: Forger, window: int) -> int:
    return forger.find(EntryKind.CLOSE, lambda facts: facts["window"] == window) + 1


@plants("rules.schedule")
def the_lottery_goes_on_after_it_was_drawn(forger: Forger) -> None:
    later = msgspec.structs.replace(SCHEDULE, opens_at=SCHEDULE.opens_at + 60)
    new_rules(forger, after_window(forger, 1), schedule=later)


@plants("rules.schedule")
def windows_of_another_length(forger: Forger) -> None:
    new_rules(forger, after_window(forger, 1), schedule=msgspec.structs.replace(SCHEDULE, window_s=30))


def cut_anew(forger: Forger, n: int, window: int, *, back_s: int = 0) -> None:
    at = forger.entries[n].at - back_s
    new_rules(
        forger,
        n,
        at=at,
        schedule=msgspec.structs.replace(SCHEDULE, joins_from=at, opens_at=at, first_window=window + 1),
    )


@plants("operator.hidden")
def switched_off_in_secret_while_people_waited(forger: Forger) -> None:
    cut_anew(forger, after_window(forger, 0), 0)


@plants("operator.hidden")
def switched_off_in_secret_and_a_clock_is_blamed_that_closed_nothing_ahead(forger: Forger) -> None:
    cut_anew(forger, after_window(forger, 0), 0)
    facts = {"action": CLOCK_SET_RIGHT, "value": "3600", "reason": "the clock had been ahead"}
    forger.insert(after_window(forger, 0) + 2, EntryKind.OPERATOR, facts)


@plants("operator.hidden")
def switched_off_in_secret_long_after_it_was_switched_on(forger: Forger) -> None:
    late = SCHEDULE.closes_at - 20
    n = (
        max(n for n, entry in enumerate(forger.entries) if entry.what is EntryKind.CLOSE and entry.at < late)
        + 1
    )
    cut_anew(forger, n, forger.entries[n - 1].facts["window"])
    said = {"action": "on", "value": "", "reason": "mulai"}
    forger.insert(1, EntryKind.OPERATOR, said, forger.entries[n].at - 9)


@plants("seed.chain")
def a_chain_that_comes_when_its_windows_are_over(forger: Forger) -> None:
    facts = {"number": 1, "commitment": bytes(32).hex(), "first_window": 3}
    forger.insert(len(forger.entries) - 1, EntryKind.CHAIN, facts)


@plants("log.unreadable")
def no_entry(forger: Forger) -> None:
    forger.change(claim_of(forger), id="not hexadecimal")


@plants("log.unreadable")
def a_number_that_no_database_holds(forger: Forger) -> None:
    """It would end the audit without a verdict, after everything has been read."""
    forger.change(claim_of(forger), gate=2**63)


@plants("log.unreadable")
def a_time_that_no_database_holds(forger: Forger) -> None:
    forger.change(move_of(forger, 3), at=2**63)


@plants("log.unreadable")
def a_window_before_the_first(forger: Forger) -> None:
    forger.change(forger.find(EntryKind.REVEAL), window=-2)


@pytest.mark.everyday(one_in=3)
@pytest.mark.parametrize(("code", "plant"), [pytest.param(*one, id=one[1].__name__) for one in PLANTS])
def test_a_planted_violation_is_found(forger: Forger, code: str, plant: Plant) -> None:
    plant(forger)
    forger.write()
    report = audited(forger.folder)
    assert code in codes(report)
    assert report.verdict == "fails"


# ------------------------------------------------------------------------ behind the back of the heads

AFTERWARDS: list[tuple[str, Plant]] = []


def plants_afterwards(code: str) -> Callable[[Plant], Plant]:
    """As `plants`, but nothing is signed again."""

    def note(plant: Plant) -> Plant:
        AFTERWARDS.append((code, plant))
        return plant

    return note


def lines(forger: Forger, name: str = ENTRIES) -> list[bytes]:
    return (forger.folder.log / name).read_bytes().splitlines(keepends=True)


def set_lines(forger: Forger, changed: list[bytes], name: str = ENTRIES) -> None:
    (forger.folder.log / name).write_bytes(b"".join(changed))


@plants_afterwards("log.number")
def entry_deleted(forger: Forger) -> None:
    found = lines(forger)
    set_lines(forger, found[:40] + found[41:])


@plants_afterwards("log.number")
def entry_twice(forger: Forger) -> None:
    found = lines(forger)
    set_lines(forger, found[:40] + found[39:])


@plants_afterwards("log.unreadable")
def brackets_without_end(forger: Forger) -> None:
    found = lines(forger)
    set_lines(forger, [*found[:40], b'{"facts":{"why":' + b"[" * 100_000 + b"\n", *found[41:]])


@plants_afterwards("log.head_root")
def entry_edited(forger: Forger) -> None:
    found = lines(forger)
    set_lines(forger, [line.replace(b"api padam", b"tidak ada") for line in found])


@plants_afterwards("log.cut")
def end_cut_off(forger: Forger) -> None:
    set_lines(forger, lines(forger)[:-3])


@plants_afterwards("log.uncovered")
def entries_without_a_head(forger: Forger) -> None:
    set_lines(forger, lines(forger, HEADS)[:-1], HEADS)


@plants_afterwards("log.head_forged")
def head_by_another_key(forger: Forger) -> None:
    head = Head(event="casn", at=0, size=len(forger.entries), root=bytes(32).hex())
    raw = (
        published_documents.sign(head, Ed25519PrivateKey.generate()).rstrip(b"\n").replace(b"\n", b" ")
        + b"\n"
    )
    set_lines(forger, [*lines(forger, HEADS), raw], HEADS)


@plants_afterwards("log.head_forged")
def head_that_is_none(forger: Forger) -> None:
    set_lines(forger, [*lines(forger, HEADS), b"!!!\n"], HEADS)


@plants_afterwards("log.head_order")
def heads_out_of_order(forger: Forger) -> None:
    found = lines(forger, HEADS)
    set_lines(forger, [*found, found[1]], HEADS)


@plants_afterwards("status.forged")
def status_by_another_key(forger: Forger) -> None:
    forger.change_document(forger.folder.status, Status, key=Ed25519PrivateKey.generate())


@plants_afterwards("status.forged")
def status_without_frontiers(forger: Forger) -> None:
    forger.change_document(forger.folder.status, Status, frontiers=[])


@plants_afterwards("status.log")
def status_of_another_log(forger: Forger) -> None:
    forger.change_document(forger.folder.status, Status, log=(len(forger.entries), "0" * 32))


@plants_afterwards("status.log")
def status_of_a_longer_log(forger: Forger) -> None:
    forger.change_document(forger.folder.status, Status, log=(len(forger.entries) + 1, "0" * 32))


@plants_afterwards("status.frontier")
def status_calls_others(forger: Forger) -> None:
    forger.change_document(forger.folder.status, Status, frontiers=[(900, 0), (0, 0)])


@plants_afterwards("status.frontier")
def status_calls_fewer(forger: Forger) -> None:
    """People who were called read that they were not, until the call has lapsed."""
    told = published_documents.decode(forger.folder.status.read_bytes(), Status).frontiers
    forger.change_document(forger.folder.status, Status, frontiers=[(1, 0), told[Lane.RETURNER]])


@plants_afterwards("status.frontier")
def status_lets_calls_lapse_early(forger: Forger) -> None:
    told = published_documents.decode(forger.folder.status.read_bytes(), Status).frontiers
    forger.change_document(forger.folder.status, Status, frontiers=[told[Lane.NEW], (900, 0)])


for name, (code, plant) in status_plants.PLANTS.items():
    plant.__name__ = name
    AFTERWARDS.append((code, plant))


@plants_afterwards("rules.outdated")
def the_rules_before_lie_there_again(forger: Forger) -> None:
    """They have another closing, for example, than the rules in force."""
    first = forger.folder.config_version(1).read_bytes()
    assert first != forger.folder.config.read_bytes()
    forger.folder.config.write_bytes(first)


@pytest.mark.parametrize(("code", "plant"), [pytest.param(*one, id=one[1].__name__) for one in AFTERWARDS])
def test_what_is_changed_afterwards_is_found(forger: Forger, code: str, plant: Plant) -> None:
    plant(forger)
    assert code in codes(audited(forger.folder))


def test_a_log_written_wholly_anew_is_found_by_who_kept_a_head(forger: Forger) -> None:
    before = audited(forger.folder)
    kept = [(before.entries, before.root)]
    assert audited(forger.folder, kept_heads=kept).verdict == "passes"
    no_bypass = forger.find(EntryKind.BYPASS)
    del forger.entries[no_bypass]
    forger.write()
    assert audited(forger.folder).verdict == "passes", "nobody without a head could tell"
    assert codes(audited(forger.folder, kept_heads=kept)) == {"log.kept_head"}


def test_a_status_that_somebody_kept_shows_a_lie_that_is_over(forger: Forger, tmp_path: Path) -> None:
    newest, kept = forger.folder.status.read_bytes(), tmp_path / "kept.json"
    forger.show_status(status_plants.with_line)
    honest = forger.folder.status.read_bytes()
    forger.show_status(status_plants.with_line, admitted=0)
    lie = forger.folder.status.read_bytes()
    forger.folder.status.write_bytes(newest)
    public = str(forger.folder.public)
    for raw, expected in ((honest, 0), (lie, 1), (lie[:-9], 1)):
        kept.write_bytes(raw)
        assert run_audit(public)[0] == 0
        assert run_audit(public, "--status", str(kept))[0] == expected
    assert run_audit(public, "--status", str(tmp_path / "nowhere"))[0] == 2


def test_an_older_log_does_not_speak_about_the_figures_of_a_status(forger: Forger) -> None:
    """Releases before wrote no entry for each state, and other statuses."""
    for n, entry in enumerate(forger.entries):
        if entry.what is EntryKind.CONFIG:
            path = forger.folder.config_version(entry.facts["version"])
            forger.folder.config.write_bytes(raw := forger.change_document(path, Config, log=1))
            forger.change(n, sha256=digest(raw))
    forger.entries = [entry for entry in forger.entries if entry.what is not EntryKind.STATE]
    forger.write()
    forger.change_document(forger.folder.status, Status, waiting=7, admitted=7, called=0, kept=(7, 7))
    assert codes(audited(forger.folder)) == set()


def test_what_pages_and_certificates_show_is_a_head_that_a_log_written_anew_lacks(
    evening: Evening, forger: Forger
) -> None:
    with GateProcess(evening.folder.path.parent, number=9) as gate:
        page = get(gate.port, f"/antre/casn/t/{text_of(evening, 'akhir6')}").body.decode()
    shown = re.search(r'id="head">([^<]*)<', page)
    assert shown
    heads = {shown[1], certificate_of(evening, "akhir0").head}
    assert len(heads) == 2, "the certificate was made before its own entry"
    for head in heads:
        assert run_audit(str(evening.folder.public), "--head", head)[0] == 0
    del forger.entries[forger.find(EntryKind.BYPASS)]
    forger.write()
    assert run_audit(str(forger.folder.public))[0] == 0
    for head in heads:
        assert run_audit(str(forger.folder.public), "--head", f" {head}\n")[0] == 1


def test_who_enters_faster_because_an_operator_told_what_the_site_bears_is_no_finding(forger: Forger) -> None:
    """Fifty enter within one second. The rates in the log do not allow that, but the stated rate does."""
    claims = [n for n, entry in enumerate(forger.entries) if entry.what is EntryKind.CLAIM][:50]
    first, at = claims[-1] - 49, forger.entries[claims[-1]].at
    for n in claims:
        forger.change(n, at=at)
    together = [forger.entries[n] for n in claims]
    others = [entry for n, entry in enumerate(forger.entries) if n not in claims]
    forger.entries = others[:first] + together + others[first:]
    forger.write()
    assert codes(audited(forger.folder)) == {"rate.too_many"}
    told = {"action": "expect", "value": "600", "reason": "bench journey"}
    forger.insert(first, EntryKind.OPERATOR, told)
    forger.write()
    assert codes(audited(forger.folder)) == set()


def test_a_ticket_that_somebody_holds_shows_that_the_last_of_a_gate_were_left_out(
    evening: Evening, forger: Forger
) -> None:
    left_out, lost = (text_of(evening, name) for name in ("akhir6", "hilang"))
    ticket = decode_ticket(left_out)
    texts = [left_out, f"http://antre.contoh/en/antre/casn/t/{lost}"]
    report = audited(evening.folder, tickets=texts)
    assert (report.verdict, [held.stands for held in report.tickets]) == ("passes", ["listed", "late"])
    records = [record for record in forger.records(ticket.window) if record != join_record(ticket)]
    root = forger.close_anew(ticket.window, records)
    n = forger.find(EntryKind.REVEAL, lambda facts: facts["window"] == ticket.window)
    seed = window_seed(bytes.fromhex(forger.entries[n].facts["link"]), root).hex()
    forger.change(n, seed=seed)
    forger.change_document(forger.folder.window_reveal(ticket.window), Reveal, seed=seed)
    forger.write()
    assert codes(audited(forger.folder)) == {"status.waiting"}, "the status counts one more"
    told = published_documents.decode(forger.folder.status.read_bytes(), Status)
    forger.change_document(forger.folder.status, Status, waiting=told.waiting - 1)
    assert audited(forger.folder).verdict == "passes", "no later join shows the hole"
    report = audited(forger.folder, tickets=texts)
    assert codes(report) == {"sequence.dropped"}
    assert [held.stands for held in report.tickets] == ["missing", "late"]
    with pytest.raises(Refusal, match=r"ticket\.forged"):
        audited(forger.folder, tickets=[forged(left_out)])


def test_a_gate_declared_dead_explains_its_own_windows_and_what_is_logged_later_nothing() -> None:
    with Notes() as notes:
        notes.add_joins(1, [(7, 1, bytes(12))])
        notes.add_joins(2, [(7, 3, bytes(12))])
        notes.add_joins(3, [(7, 5, bytes(12))])
        notes.add("dead", 4, 3, 7)
        notes.add("certificates", 5, b"lost")
        notes.add("late", 6, b"lost", 3, 7, 4)
        notes.seal()
        assert [(first, explained) for _, first, _, _, explained in notes.holes()] == [(2, False), (4, True)]
        assert notes.standing_of(3, 7, 9, bytes(12)) == "dead_gate"
        assert notes.standing_of(2, 7, 9, bytes(12)) == "missing"
        assert list(notes.certificates_without_join()) == [(5,)]


def test_a_late_ticket_is_honoured_again_at_the_door_of_a_later_opening(forger: Forger) -> None:
    n = forger.find(EntryKind.LATE_TICKET)
    forger.insert(n, EntryKind.LATE_TICKET, forger.entries[n].facts)
    forger.write()
    report = audited(forger.folder)
    assert (report.findings, report.late_tickets) == ([], 3)


@pytest.mark.parametrize("action", ["off", "on"])
@pytest.mark.parametrize("after", [0, 1])
def test_a_line_that_an_operator_switched_off_and_said_so_may_be_cut_anew(
    forger: Forger, action: str, after: int
) -> None:
    n = after_window(forger, 0)
    cut_anew(forger, n, 0)
    said = {"action": action, "value": "", "reason": "uji"}
    forger.insert(n + after, EntryKind.OPERATOR, said)
    forger.write()
    assert not codes(audited(forger.folder)) & {"operator.hidden", "rules.schedule"}


def test_a_clock_that_was_set_right_and_said_so_may_go_back(forger: Forger) -> None:
    n = after_window(forger, 3)
    cut_anew(forger, n, 3, back_s=60)
    said = {"action": CLOCK_SET_RIGHT, "value": "60", "reason": "the clock had been ahead"}
    forger.insert(n + 1, EntryKind.OPERATOR, said, forger.entries[n].at)
    forger.write()
    assert "log.clock" not in codes(audited(forger.folder))


def state_of(forger: Forger, state: str, cause: str = "operator") -> int:
    return forger.find(EntryKind.STATE, lambda facts: (facts["state"], facts["cause"]) == (state, cause))


@plants("state.no_act")
def a_halt_that_no_operator_gave(forger: Forger) -> None:
    del forger.entries[forger.find(EntryKind.OPERATOR, lambda facts: facts["action"] == "halt")]


@plants("state.no_act")
def a_cap_of_nobody_that_no_operator_gave(forger: Forger) -> None:
    n = forger.find(EntryKind.OPERATOR, lambda facts: (facts["action"], facts["value"]) == ("cap", "0"))
    forger.change(n, value="1")


@plants("state.no_act")
def switched_off_by_nobody(forger: Forger) -> None:
    forger.change(state_of(forger, "halted"), state="off")


@plants("state.against_act")
def people_are_called_during_a_halt(forger: Forger) -> None:
    forger.change(state_of(forger, "halted"), state="open", cause="calling")


@plants("state.against_act")
def a_line_goes_on_that_an_operator_switched_off(forger: Forger) -> None:
    said = {"action": "off", "value": "", "reason": "uji"}
    forger.insert(state_of(forger, "halted") - 1, EntryKind.OPERATOR, said)


@plants("state.schedule")
def open_before_the_opening(forger: Forger) -> None:
    forger.change(state_of(forger, "lottery", "planned"), state="open", cause="calling")


@plants("state.schedule")
def closed_before_the_closing(forger: Forger) -> None:
    n = state_of(forger, "closed", "planned")
    forger.change(n, at=SCHEDULE.closes_at - 1)


@plants("state.people_wait")
def nobody_waits_it_is_said(forger: Forger) -> None:
    forger.change(state_of(forger, "halted"), state="direct", cause="nobody_waits")


def bypasses_of(forger: Forger, why: str, count: int, *, at: int) -> None:
    n = max(n for n, entry in enumerate(forger.entries) if entry.at <= at and entry.what is EntryKind.CLOSE)
    for number in range(count):
        facts = {"why": why, "ref": f"{number:032x}"}
        forger.insert(n + 1, EntryKind.BYPASS, facts, at)


@plants("bypass.too_many")
def more_were_inside_than_the_line_began_with(forger: Forger) -> None:
    bypasses_of(forger, "was_inside", 50, at=SCHEDULE.opens_at + 30)


@plants("bypass.late")
def inside_for_an_hour(forger: Forger) -> None:
    n = forger.find(EntryKind.BYPASS)
    forger.change(n, at=SCHEDULE.joins_from + 3_600)


@plants("bypass.general")
def the_general_shop_sells_more_than_its_share(forger: Forger) -> None:
    config = published_documents.decode(forger.folder.config.read_bytes(), Config)
    raw = forger.change_document(forger.folder.config, Config, general_share=60)
    forger.folder.config_version(config.version).write_bytes(raw)
    forger.change(forger.find(EntryKind.CONFIG), sha256=digest(raw))
    bypasses_of(forger, "general_share", 50, at=SCHEDULE.opens_at + 30)


@plants("bypass.probe")
def probe_that_orders_again_and_again(forger: Forger) -> None:
    bypasses_of(forger, "probe", 3, at=SCHEDULE.opens_at + 30)


@plants("bypass.unknown")
def a_reason_that_no_rule_knows(forger: Forger) -> None:
    bypasses_of(forger, "tamu", 1, at=SCHEDULE.opens_at + 30)


@plants("state.untold")
def no_state_is_told(forger: Forger) -> None:
    forger.entries = [entry for entry in forger.entries if entry.what is not EntryKind.STATE]


@plants("frontier.stands")
def people_are_held_and_nobody_says_why(forger: Forger) -> None:
    forger.change(state_of(forger, "open"), cause="calling")


def test_every_finding_that_has_words_is_planted_here() -> None:
    planted = {code for code, _ in PLANTS + AFTERWARDS} | {"log.kept_head", "sequence.dropped"}
    assert planted == set(WORDS)
    assert {code.partition(".")[0] for code in WORDS} == set(CHECKS)


# ------------------------------------------------------------------------------------------- other places


def test_over_http_from_a_gate_the_answer_is_the_same(evening: Evening) -> None:
    with GateProcess(evening.folder.path.parent, number=9) as gate:
        source = HttpSource(f"{gate.url}/antre/casn")
        assert audit(source, pause=lambda seconds: None) == audited(evening.folder)
        whole = (evening.folder.log / ENTRIES).read_bytes()
        assert b"".join(source.pieces(f"log/{ENTRIES}", 100)) == whole[100:]
        assert list(source.pieces(f"log/{ENTRIES}", len(whole))) == []


def test_over_http_from_a_server_without_ranges_the_answer_is_the_same(evening: Evening) -> None:
    class Files(SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(evening.folder.public))  # type: ignore[arg-type, misc]

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Files)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        source = HttpSource(f"http://127.0.0.1:{server.server_port}")
        assert audit(source, pause=lambda seconds: None) == audited(evening.folder)
        whole = (evening.folder.log / ENTRIES).read_bytes()
        assert b"".join(source.pieces(f"log/{ENTRIES}", 100)) == whole[100:]
    finally:
        server.shutdown()
        server.server_close()


def test_what_is_published_while_one_reads_is_waited_for(forger: Forger) -> None:
    path = forger.folder.window_reveal(2)
    document = path.read_bytes()
    path.unlink()
    heads = lines(forger, HEADS)
    set_lines(forger, heads[:-1], HEADS)

    def pause(seconds: float) -> None:
        path.write_bytes(document) if not path.exists() else set_lines(forger, heads, HEADS)

    assert audit(FolderSource(forger.folder.public), pause=pause).verdict == "passes"


def test_rules_that_lie_there_before_they_are_logged_are_no_finding(forger: Forger) -> None:
    """The log is read to its end between the publication and the entry."""
    forger.write()
    before = lines(forger)
    policy = Policy(line_counts=True, claim_minutes=1, rate_floor=180, rate_cap=600)
    new_rules(forger, len(forger.entries), policy=policy)
    forger.write()
    after, heads, status = lines(forger), lines(forger, HEADS), forger.folder.status.read_bytes()
    set_lines(forger, before)
    set_lines(forger, heads[:-1], HEADS)
    forger.folder.status.unlink()
    assert codes(audited(forger.folder)) == {"rules.unlogged", "log.uncovered"}

    def pause(seconds: float) -> None:
        set_lines(forger, after)
        set_lines(forger, heads, HEADS)
        forger.folder.status.write_bytes(status)

    assert audit(FolderSource(forger.folder.public), pause=pause).findings == []


@pytest.mark.long
def test_memory_does_not_grow_with_the_joins(forger: Forger) -> None:
    def peak(joins: int) -> int:
        records = b"".join(
            n.to_bytes(12, "big") + b"\x00\x03" + n.to_bytes(4, "big") for n in range(1, joins + 1)
        )
        forger.folder.window_ids(0).write_bytes(records)
        del records
        tracemalloc.start()
        try:
            assert audited(forger.folder).joins > joins
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(60_000) < peak(15_000) * 1.2


@pytest.mark.parametrize("content", [None, b"{}", b"\n", b"x" * 100])
def test_without_rules_nothing_can_be_said(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(Unreadable):
        audit(FolderSource(tmp_path))


def test_the_command_answers_with_its_exit_code(evening: Evening, forger: Forger, tmp_path: Path) -> None:
    run = run_audit
    public = str(forger.folder.public)
    code, out = run(public, "--json")
    assert code == 0
    report = msgspec.json.decode(out.splitlines()[-1], type=Report)
    shown = run(public)[1]
    assert f"held {report.held['operator']} s: kehendak operator · an operator's wish" in shown
    assert f"{report.called}, {report.called_in_a_minute}" in shown
    assert run(public, "--head", f"{report.entries}:{report.root[:32]}")[0] == 0
    assert run(public, "--head", f"{report.entries}:{'0' * 64}")[0] == 1
    genuine, other = f"{report.entries}:{report.root}", f"{report.entries}:{'0' * 64}"
    for heads in ((genuine, other), (other, genuine)):  # two people were shown two logs of the same length
        assert run(public, *(word for head in heads for word in ("--head", head)))[0] == 1
    assert run(public, "--ticket", text_of(evening, "akhir6"))[0] == 0
    assert run(public, "--ticket", forged(text_of(evening, "akhir6")))[0] == 2
    vip(forger)
    forger.write()
    code, out = run(str(forger.folder.path))
    assert code == 1
    assert "TIDAK LULUS" in out
    assert "it never stood in line" in out
    assert run(str(tmp_path / "nowhere"))[0] == 2
    assert run("http://127.0.0.1:9/antre/casn")[0] == 2
