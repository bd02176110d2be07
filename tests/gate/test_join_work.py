"""The work that joins need: by what a network and a mail domain have, and while the gate is busy."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode

import pytest

from meterai.gate.http.server import Request
from meterai.gate.joining import join_load
from meterai.gate.joining.join_load import JoinLoad, WorkMode
from meterai.gate.joining.join_work import HALF_LIFE_S, JoinWork
from meterai.gate.joining.joining import Joining
from meterai.gate.joining.mail_domains import SHIPPED, MailDomains
from meterai.gate.joining.ticket_issuer import IssuedTicket, TicketIssuer
from meterai.gate.published_cache import PublishedCache
from meterai.kernel.refusals import Refusal
from meterai.kit.http.client_network import network_of
from meterai.kit.http.network_limits import NetworkLimits
from meterai.kit.http.work_demand import WorkNeeded
from simulator.crowd.work import challenge_in, solve, wait_in
from tests.gate.visitor import get, join, post
from tests.players.queue_twin import GateProcess, Queue, schedule_from

KEY = b"k" * 32
DOMAINS = MailDomains()


def a_joining(root: Path, *, mode: WorkMode = "auto", busy: float = 50) -> Joining:
    queue = Queue(root, schedule_from(time.time(), window_s=3_600))
    issuer = TicketIssuer(PublishedCache(queue.folder), queue.keys, gate=1)
    load = JoinLoad(mode, busy)
    return Joining(issuer, JoinWork(KEY, load, DOMAINS), NetworkLimits(), load)


def form_of(contact: str, solution: str = "", *, wait: str = "") -> Request:
    request = Request(None, "127.0.0.1")
    request.method = b"POST"
    request.body = urlencode({"kontak": contact, "altcha": solution, "tunggu": wait}).encode()
    return request


def phone(number: int) -> str:
    """A contact that counts for its network alone."""
    return f"0812{number:08}"


def comes(
    joining: Joining, contact: str, network: str = "114.122.7.9", *, now: float = 0, **brings: str
) -> WorkNeeded | None:
    """Somebody joins. Returns the work that the gate asks for; None: they have a ticket."""
    try:
        issued = joining.join(form_of(contact, **brings), network, monotonic=now)
    except WorkNeeded as needed:
        return needed
    assert isinstance(issued, IssuedTicket)
    return None


def works(joining: Joining, contact: str, network: str = "114.122.7.9", *, now: float = 0) -> int:
    """Somebody joins and works for it. Returns how difficult that was."""
    needed = comes(joining, contact, network, now=now)
    if needed is None:
        return 0
    challenge = json.loads(needed.challenge)
    proof, bound_to = joining.work.demand.proof, network_of(network)
    easy = proof.challenge(joining.issuer.now(), difficulty=1, bound_to=bound_to)
    assert easy.maxnumber <= challenge["maxnumber"]
    assert comes(joining, contact, network, now=now, solution=solve(challenge)) is None
    return int(challenge["maxnumber"] / easy.maxnumber)


def fill(joining: Joining, count: int, network: str = "114.122.7.9", *, now: float = 0) -> None:
    """So many people of a network have places."""
    blocks = joining.work._names(None, network)
    for _ in range(count):
        for name, _ in blocks:
            joining.work._places.add(name, now)


async def test_work_grows_with_the_places_of_a_network(tmp_path: Path) -> None:
    joining = a_joining(tmp_path)
    assert [works(joining, phone(number)) for number in range(31)] == [0] * 30 + [1]
    asked = []
    for more, number in ((69, 1_000), (200, 1_001), (700, 1_002), (2_000, 1_003)):
        fill(joining, more)
        asked.append(works(joining, phone(number)))
    assert asked == [2, 4, 8, 16]
    assert comes(joining, phone(2_000), "114.122.8.9") is None, "its neighbours feel nothing"


async def test_counts_fade(tmp_path: Path) -> None:
    joining = a_joining(tmp_path)
    fill(joining, 100)
    assert joining.work.difficulty(None, "114.122.7.9", 0) == 2
    assert joining.work.difficulty(None, "114.122.7.9", HALF_LIFE_S) == 1
    assert joining.work.difficulty(None, "114.122.7.9", 2 * HALF_LIFE_S) == 0


@pytest.mark.parametrize(
    ("other", "places", "difficulty"),
    [
        ("2001:db8:1:1:ffff::1", 10, 1),  # the /64: one household
        ("2001:db8:1:2::1", 29, 0),
        ("2001:db8:1:2::1", 30, 1),  # the /48: what a customer gets at most
        ("2001:db8:2::1", 2_999, 0),
        ("2001:db8:2::1", 3_000, 1),  # the /32: a provider
        ("2001:db9::1", 30_000, 0),
    ],
)
async def test_ipv6_counts_by_household_by_customer_and_by_provider(
    tmp_path: Path, other: str, places: int, difficulty: int
) -> None:
    joining = a_joining(tmp_path)
    fill(joining, places, "2001:db8:1:1::1")
    assert joining.work.difficulty(None, other, 0) == difficulty


async def test_work_grows_with_the_places_of_a_mail_domain(tmp_path: Path) -> None:
    """Wherever they come from, and whatever stands before the name that somebody registered."""
    joining = a_joining(tmp_path)
    asked = [works(joining, f"a{number}@m{number}.pelamar.my.id", f"10.{number}.0.1") for number in range(32)]
    assert asked == [0] * 30 + [1, 1]
    assert comes(joining, "a@lain.my.id", "10.0.9.1") is None
    for number in range(100):
        assert comes(joining, f"a{number}@gmail.com", f"10.{number}.1.1") is None


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("a@ui.ac.id", "ui.ac.id"),
        ("a@cs.ui.ac.id", "ui.ac.id"),
        ("a@x.duckdns.org", "duckdns.org"),
        ("a@contoh.test", "contoh.test"),
        ("a@yahoo.co.id", ""),
        ("a@ac.id", "ac.id"),
    ],
)
def test_mailboxes_count_by_the_name_that_somebody_registered(address: str, counted: str) -> None:
    assert DOMAINS.counted(address) == counted


def test_another_list_of_providers_counts_instead_of_the_shipped_one(tmp_path: Path) -> None:
    listed = tmp_path / "providers"
    listed.write_text("# ours\nContoh.id  # everybody\n\n")
    domains = MailDomains(listed)
    assert (domains.counted("a@contoh.id"), domains.counted("a@gmail.com")) == ("", "gmail.com")
    assert MailDomains(SHIPPED).counted("a@gmail.com") == ""


async def test_a_solution_is_good_for_one_join(tmp_path: Path) -> None:
    joining = a_joining(tmp_path, mode="on")
    needed = comes(joining, phone(1))
    assert needed is not None
    solution = solve(json.loads(needed.challenge))
    assert comes(joining, phone(1), "198.51.100.1", solution=solution), "of another network"
    assert comes(joining, phone(1), solution=solution) is None
    assert comes(joining, phone(2), solution=solution)


async def test_without_a_script_a_wait_stands_in_for_work_and_grows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    joining, later = a_joining(tmp_path, mode="on"), 0.0
    began = time.time()
    monkeypatch.setattr(joining.issuer, "now", lambda: began + later)
    waits = {}
    for number in range(40):
        needed = comes(joining, phone(number))
        assert needed is not None
        waits[number] = needed.wait
    assert needed.seconds == 15
    assert comes(joining, phone(0), wait=waits[0]), "too early"
    later = 15.0
    assert comes(joining, phone(0), wait=waits[1]), "of another contact"
    assert comes(joining, phone(0), wait=waits[0]) is None
    assert comes(joining, phone(0), wait=waits[0]), "used"
    taken = 1
    later = 200.0
    for number in range(1, 40):  # forty waits that were begun together do not end together
        taken += comes(joining, phone(number), wait=waits[number]) is None
    assert 40 > taken >= 30
    later = 3_599.0
    assert comes(joining, phone(39), wait=waits[39]) is None, "the others wait longer, and are not refused"


def test_work_is_asked_for_when_many_come_and_costs_twice_as_much_when_there_are_more() -> None:
    load = JoinLoad("auto", 50)
    for number in range(400):
        load.count_try(number / 40)
        load.count_join(number / 40)
    assert not load.asks_for_work(10)
    assert load.difficulty(10) == 0
    for _ in range(400):
        load.count_try(10)
    assert load.asks_for_work(10)
    assert load.difficulty(10) == join_load.BUSY
    for _ in range(2_000):
        load.count_join(10)
    assert load.difficulty(10) == 2 * join_load.BUSY
    assert load.difficulty(30) == 0


def test_a_gate_may_ask_everybody_for_work_or_nobody() -> None:
    load = JoinLoad("auto", 0)
    load.count_try(0)
    assert load.difficulty(0) == join_load.BUSY
    assert JoinLoad("on", 50).difficulty(0) == join_load.BUSY
    assert JoinLoad("off", 0).is_off


async def test_who_only_knocks_makes_work_dearer_for_nobody(tmp_path: Path) -> None:
    joining = a_joining(tmp_path)
    for number in range(6_000):
        with suppress(Refusal):
            joining.join(form_of(phone(number)), f"10.{number % 200}.0.1", monotonic=0)
    assert joining.load.asks_for_work(0)
    assert joining.load.difficulty(0) == join_load.BUSY
    assert joining.work.difficulty(None, "10.1.0.1", 0) == join_load.BUSY


async def test_joins_that_the_disk_refused_make_work_no_dearer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    joining = a_joining(tmp_path)

    def refuse(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(joining.issuer, "issue", refuse)
    for number in range(300):
        with suppress(Refusal):
            joining.join(form_of(phone(number)), "10.1.1.1", monotonic=0)
    assert joining.load.difficulty(0) == 0
    assert joining.work.difficulty(None, "10.1.1.1", 0) == 0


def test_what_was_tried_long_ago_is_forgotten_also_where_nobody_asks() -> None:
    load = JoinLoad("on", 50)
    for second in range(1_000):
        load.count_try(second)
    assert len(load._tried._seconds) <= 11


async def test_who_knocks_without_having_worked_shuts_nobody_of_its_network_out(tmp_path: Path) -> None:
    joining = a_joining(tmp_path, busy=10**6)
    for number in range(40_000):
        with suppress(Refusal):
            joining.join(form_of(phone(number)), "114.122.7.9", monotonic=0)
    assert works(joining, "jujur@contoh.id", "114.122.7.10") == 1


@pytest.mark.journey
def test_a_gate_that_asks_for_work_takes_the_solution_or_a_wait_and_nothing_else(tmp_path: Path) -> None:
    queue = Queue(tmp_path, schedule_from(time.time(), window_s=3_600))
    queue.status()
    with GateProcess(tmp_path, gate_work="on") as gate:
        refused = join(gate.port, "ani@contoh.id")
        assert refused.status == 422
        assert "Tunggu 15 detik" in refused.text
        assert 'value="ani@contoh.id"' in refused.text
        challenge = challenge_in(refused.text)
        assert challenge
        solved = {"kontak": "ani@contoh.id", "altcha": solve(challenge)}
        assert post(gate.port, "/antre/casn", solved).status == 303
        assert post(gate.port, "/antre/casn", solved | {"kontak": "lain@contoh.id"}).status == 422
        early = {"kontak": "ani@contoh.id", "tunggu": wait_in(refused.text)}
        assert post(gate.port, "/antre/casn", early).status == 422
        assert b"data-challenges" in get(gate.port, "/antre/casn").body
        ahead = json.loads(get(gate.port, "/antre/casn/tantangan").body)
        solved = {"kontak": "budi@contoh.id", "altcha": solve(ahead)}
        assert post(gate.port, "/antre/casn", solved).status == 303
