"""Proof of work as ALTCHA (version 1) defines it, and the code to the contact instead of it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode

import msgspec
import pytest

from meterai.customers.contacts import canonical_contact
from meterai.gate.http.server import Request
from meterai.gate.joining.contact_codes import PERIOD_S, SENDS_MAX, TRIES_MAX, ContactCodes
from meterai.gate.joining.form_fields import read_form
from meterai.gate.joining.join_load import JoinLoad, WorkMode
from meterai.gate.joining.joining import Joining
from meterai.gate.joining.proof_of_work import DIFFICULTY_MAX, VALID_S, ProofOfWork
from meterai.gate.joining.ticket_issuer import IssuedTicket, TicketIssuer
from meterai.gate.published_cache import PublishedCache
from meterai.kernel.refusals import Refusal
from meterai.kit.http.network_limits import NetworkLimits
from meterai.waiting_room.files.gate_mail import waiting_mail
from tests.gate.visitor import get, join, post
from tests.players.queue_twin import GateProcess, Queue, schedule_from

KEY = b"k" * 32


def solve(challenge: dict[str, object]) -> str:
    """The solution as ALTCHA's widget sends it: JSON in base64, with the number found by trying."""
    for number in range(int(str(challenge["maxnumber"])) + 1):
        if hashlib.sha256(f"{challenge['salt']}{number}".encode()).hexdigest() == challenge["challenge"]:
            solution = {name: challenge[name] for name in ("algorithm", "challenge", "salt", "signature")}
            return packed(solution | {"number": number, "took": 12})
    raise AssertionError("no number solves it")


def packed(solution: dict[str, object]) -> str:
    return base64.b64encode(json.dumps(solution).encode()).decode()


def challenge_of(work: ProofOfWork, now: float, **options: int) -> dict[str, object]:
    return json.loads(msgspec.json.encode(work.challenge(now, **options)))  # type: ignore[no-any-return]


def test_a_challenge_has_the_fields_of_altcha_and_says_when_it_ends() -> None:
    challenge = challenge_of(ProofOfWork(KEY), 1_000)
    assert set(challenge) == {"algorithm", "challenge", "maxnumber", "salt", "signature"}
    assert challenge["algorithm"] == "SHA-256"
    assert re.fullmatch(rf"[0-9a-f]{{16}}\?expires={1_000 + VALID_S}&", str(challenge["salt"]))


def test_a_solution_is_good_once_and_in_time() -> None:
    work = ProofOfWork(KEY, number_max=500)
    solution = solve(challenge_of(work, 1_000))
    assert not work.is_solved(solution, 1_000 + VALID_S)
    assert work.is_solved(solution, 1_000 + VALID_S - 1)
    assert not work.is_solved(solution, 1_000 + VALID_S - 1)


def test_another_gate_of_the_event_takes_it_and_another_event_does_not() -> None:
    solution = solve(challenge_of(ProofOfWork(KEY, number_max=500), 1_000))
    assert ProofOfWork(KEY, number_max=500).is_solved(solution, 1_001)
    assert not ProofOfWork(b"x" * 32, number_max=500).is_solved(solution, 1_001)


@pytest.mark.parametrize(
    "change",
    [
        {"number": 501 * DIFFICULTY_MAX},
        {"number": -1},
        {"salt": "0011223344556677?expires=99999&"},
        {"algorithm": "SHA-1"},
        {"signature": "0" * 64},
        {"signature": "é"},
        {"challenge": "0" * 64},
        {"number": 1.5},
    ],
)
def test_a_changed_solution_is_worth_nothing(change: dict[str, object]) -> None:
    work = ProofOfWork(KEY, number_max=500)
    solution = json.loads(base64.b64decode(solve(challenge_of(work, 1_000))))
    assert not work.is_solved(packed(solution | change), 1_001)


def test_digits_of_the_number_cannot_be_moved_into_the_end_of_validity() -> None:
    """The salt ends with a delimiter. Without one a salt could be spliced."""
    work = ProofOfWork(KEY, number_max=500_000)
    solution = json.loads(base64.b64decode(solve(challenge_of(work, 1_000))))
    spliced = {
        "salt": solution["salt"] + str(solution["number"])[:1],
        "number": int(str(solution["number"])[1:] or 0),
    }
    assert not work.is_solved(packed(solution | spliced), 1_001)


@pytest.mark.parametrize("payload", ["", "%%%", "e30=", "bnVsbA==", "/////w==", "W10=", "A" * 9_000])
def test_rubbish_is_no_solution(payload: str) -> None:
    assert not ProofOfWork(KEY).is_solved(payload, 0)


def test_what_was_used_is_forgotten_when_it_has_expired() -> None:
    work = ProofOfWork(KEY, number_max=5)
    for step in range(50):
        assert work.is_solved(solve(challenge_of(work, step * 100)), step * 100)
    assert sum(map(len, work._used.values())) <= 2 * VALID_S / 100


def test_work_is_asked_for_when_many_come_and_costs_more_the_more_they_are() -> None:
    load = JoinLoad("auto", 50)
    for number in range(400):
        load.count_try(number / 40)
        load.count_join(number / 40)
    assert not load.asks_for_work(10)
    assert load.difficulty(10) == 1
    for _ in range(2_000):
        load.count_try(10)
        load.count_join(10)
    assert load.asks_for_work(10)
    assert load.difficulty(10) == 4
    assert not load.asks_for_work(30)
    assert load.difficulty(30) == 1
    work = ProofOfWork(KEY, number_max=100)
    assert work.challenge(0, difficulty=4).maxnumber == 400
    assert work.challenge(0, difficulty=64).maxnumber == 100 * DIFFICULTY_MAX


def test_a_gate_may_ask_everybody_for_work() -> None:
    load = JoinLoad("auto", 0)
    load.count_try(0)
    assert load.asks_for_work(0)
    assert load.difficulty(0) == 1


async def test_who_only_knocks_makes_work_dearer_for_nobody(tmp_path: Path) -> None:
    joining = a_joining(tmp_path)
    for number in range(6_000):
        network = f"10.{number % 200}.0.1"
        with suppress(Refusal):
            joining.join(form_of(f"orang{number}@contoh.id"), network, monotonic=0)
    assert joining.load.asks_for_work(0)
    assert joining.load.difficulty(0) == 1


async def test_one_network_that_solves_whatever_it_is_asked_makes_work_little_dearer(tmp_path: Path) -> None:
    joining = a_joining(tmp_path, number_max=2)
    for number in range(8_000):
        solution = solve(challenge_of(joining.work, joining.issuer.now()))
        joining.join(form_of(f"orang{number}@contoh.id", solution), "10.1.1.1", monotonic=0)
    assert joining.load.difficulty(0) == 4, "as its 3,000 of a village do, not as 8,000 in ten seconds"


async def test_joins_that_the_disk_refused_make_work_no_dearer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    joining = a_joining(tmp_path, mode="off")

    def refuse(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(joining.issuer, "issue", refuse)
    for number in range(2_000):
        with suppress(Refusal):
            joining.join(form_of(f"orang{number}@contoh.id"), "10.1.1.1", monotonic=0)
    assert joining.load.difficulty(0) == 1


def test_what_was_tried_long_ago_is_forgotten_also_where_nobody_asks() -> None:
    load = JoinLoad("on", 50)
    for second in range(1_000):
        load.count_try(second)
    assert len(load._tried._seconds) <= 11


async def test_who_knocks_without_having_worked_shuts_nobody_of_its_network_out(tmp_path: Path) -> None:
    joining = a_joining(tmp_path, number_max=2)
    for number in range(40_000):
        with suppress(Refusal):
            joining.join(form_of(f"orang{number}@contoh.id"), "114.122.7.9", monotonic=0)
    solution = solve(challenge_of(joining.work, joining.issuer.now()))
    assert isinstance(
        joining.join(form_of("jujur@contoh.id", solution), "114.122.7.10", monotonic=0), IssuedTicket
    )


def test_codes_have_a_limit_of_their_own_by_network(tmp_path: Path) -> None:
    joining = a_joining(tmp_path)
    for number in range(600):
        joining.contact_for_code(read_form(form_of(f"orang{number}@contoh.id")), "114.122.7.9", monotonic=0)
    form = read_form(form_of("satu@contoh.id"))
    with pytest.raises(Refusal, match=r"network\.later"):
        joining.contact_for_code(form, "114.122.7.9", monotonic=0)
    joining.contact_for_code(form, "114.122.7.9", monotonic=2)
    joining.contact_for_code(form, "114.122.8.9", monotonic=0)


@pytest.mark.journey
def test_a_code_that_is_not_needed_is_a_join(tmp_path: Path) -> None:
    """The form was loaded while the gate asked for work. Each code costs a message."""
    queue = Queue(tmp_path, schedule_from(time.time(), window_s=3_600))
    queue.status()
    with GateProcess(tmp_path, gate_work="auto") as gate:
        answer = post(gate.port, "/antre/casn/kode", {"kontak": "ani@contoh.id"})
        assert answer.status == 303
        assert answer.ticket
        assert list(waiting_mail(tmp_path)) == []


def a_joining(root: Path, *, number_max: int = 50_000, mode: WorkMode = "auto") -> Joining:
    queue = Queue(root, schedule_from(time.time(), window_s=3_600))
    issuer = TicketIssuer(PublishedCache(queue.folder), queue.keys, gate=1)
    work = ProofOfWork(KEY, number_max=number_max)
    return Joining(issuer, work, ContactCodes(KEY, root), NetworkLimits(), JoinLoad(mode, 50))


def form_of(contact: str, solution: str = "") -> Request:
    request = Request(None, "127.0.0.1")
    request.method = b"POST"
    request.body = urlencode({"kontak": contact, "altcha": solution}).encode()
    return request


@pytest.mark.journey
def test_a_gate_that_asks_for_work_takes_the_solution_or_a_code_and_nothing_else(tmp_path: Path) -> None:
    queue = Queue(tmp_path, schedule_from(time.time(), window_s=3_600))
    queue.status()
    with GateProcess(tmp_path, gate_work="on") as gate:
        refused = join(gate.port, "ani@contoh.id")
        assert refused.status == 422
        assert "Tekan sekali lagi" in refused.text
        assert "<noscript>" in get(gate.port, "/antre/casn").text
        assert "<noscript>" not in refused.text, "a script may run there and be unable to compute"
        assert 'formaction="/antre/casn/kode"' in refused.text

        challenge = json.loads(get(gate.port, "/antre/casn/tantangan").body)
        solved = {"kontak": "ani@contoh.id", "altcha": solve(challenge)}
        assert post(gate.port, "/antre/casn", solved).status == 303
        assert post(gate.port, "/antre/casn", solved | {"kontak": "lain@contoh.id"}).status == 422

        asked = post(gate.port, "/antre/casn/kode", {"kontak": "budi@contoh.id"})
        assert 'name="kode"' in asked.text
        ((path, mail),) = waiting_mail(tmp_path)
        assert mail.to == "budi@contoh.id"
        assert path.stat().st_mode & 0o077 == 0 or path.parent.stat().st_mode & 0o077 == 0
        code = re.search(r"\d{6}", mail.text)
        assert code
        wrong = f"{(int(code[0]) + 1) % 1_000_000:06d}"
        assert post(gate.port, "/antre/casn", {"kontak": "budi@contoh.id", "kode": wrong}).status == 422
        for rubbish in ("é", "٣٣٣٣٣٣", ""):
            assert post(gate.port, "/antre/casn", {"kontak": "budi@contoh.id", "kode": rubbish}).status == 422
        spaced = f" {code[0][:2]}-{code[0][2:4]} {code[0][4:]}"
        right = post(gate.port, "/antre/casn", {"kontak": "budi@contoh.id", "kode": spaced})
        assert right.status == 303


def test_a_solution_is_good_once_also_when_others_were_used_since(monkeypatch: pytest.MonkeyPatch) -> None:
    work = ProofOfWork(KEY, number_max=50)
    used = [solve(challenge_of(work, 6_000 + age)) for age in (0, 1)]
    assert [work.is_solved(solution, 6_002) for solution in (*used, *used)] == [True, True, False, False]
    # when there are too many to keep, those that expire first are forgotten
    monkeypatch.setattr("meterai.gate.joining.proof_of_work._USED_MAX", 2)
    later = [solve(challenge_of(work, 6_000 + VALID_S + age)) for age in (0, 1)]
    now = 6_000 + VALID_S - 1
    assert [work.is_solved(solution, now) for solution in (*later, *later)] == [True, True, False, False]
    assert sum(map(len, work._used.values())) == 2


def test_a_code_can_be_guessed_a_few_times_only(tmp_path: Path) -> None:
    codes = ContactCodes(KEY, tmp_path)
    contact = canonical_contact("ani@contoh.id")
    codes.send(contact, 1_000, subject="Kode", text="{code}", language="id")
    mail = msgspec.json.decode(next(tmp_path.glob("*.json")).read_bytes())
    for _ in range(TRIES_MAX):
        assert not codes.is_right(contact, "12", 1_000)
    assert not codes.is_right(contact, mail["text"], 1_000)
    assert codes.is_right(contact, mail["text"], 1_000 + 600 - 1_000 % 600)


def test_a_contact_gets_a_few_messages_only(tmp_path: Path) -> None:
    codes, contact = ContactCodes(KEY, tmp_path), canonical_contact("ani@contoh.id")

    def send(now: float) -> bool:
        return codes.send(contact, now, subject="Kode", text="{code}", language="id")

    assert [send(1_000) for _ in range(SENDS_MAX + 1)] == [True] * SENDS_MAX + [False]
    assert len(list(tmp_path.glob("*.json"))) == SENDS_MAX
    assert send(1_000 + PERIOD_S)


def test_tries_and_messages_are_counted_through_the_whole_period(tmp_path: Path) -> None:
    codes, contact = ContactCodes(KEY, tmp_path), canonical_contact("ani@contoh.id")

    def send(now: float) -> bool:
        return codes.send(contact, now, subject="Kode", text="{code}", language="id")

    moments = range(6_000, 6_000 + PERIOD_S, PERIOD_S // TRIES_MAX)
    assert [send(now) for now in moments] == [True] * SENDS_MAX + [False] * (TRIES_MAX - SENDS_MAX)
    mails = [msgspec.json.decode(path.read_bytes()) for path in sorted(tmp_path.glob("*.json"))]
    assert [mail["expires_at"] for mail in mails] == [now + PERIOD_S for now in moments[:SENDS_MAX]]
    assert not any(codes.is_right(contact, "12", now) for now in moments[1:])
    assert codes.is_right(contact, mails[0]["code"], moments[-1])
    assert not codes.is_right(contact, mails[0]["code"], 6_000 + PERIOD_S - 1)


def test_who_asks_for_codes_to_many_contacts_gets_no_more_tries_at_the_latest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("meterai.gate.joining.contact_codes._KNOWN_MAX", 2)
    codes = ContactCodes(KEY, tmp_path)
    contacts = [canonical_contact(f"orang{number}@contoh.id") for number in range(3)]
    for contact in contacts:
        for _ in range(TRIES_MAX):
            codes.is_right(contact, "12", 6_000)
    codes.send(contacts[2], 6_000, subject="Kode", text="{code}", language="id")
    code = msgspec.json.decode(next(tmp_path.glob("*.json")).read_bytes())["code"]
    assert not codes.is_right(contacts[2], code, 6_000)
    assert len(codes._seen) == 2


def test_messages_that_no_worker_sends_do_not_pile_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("meterai.gate.joining.contact_codes._PENDING_MAX", 3)
    codes = ContactCodes(KEY, tmp_path / "mail")

    def send(number: int, now: float) -> bool:
        contact = canonical_contact(f"orang{number}@contoh.id")
        return codes.send(contact, now, subject="Kode", text="{code}", language="id")

    for now in (6_000.0, 6_005.0):  # counted once a second
        assert [send(number, now) for number in range(3 - len(list((tmp_path / "mail").glob("*"))))]
        with pytest.raises(Refusal, match=r"code\.unsent"):
            send(7, now)
        next((tmp_path / "mail").glob("*.json")).unlink()
    assert send(7, 6_010)


def test_a_code_is_good_for_its_contact_and_its_event_alone(tmp_path: Path) -> None:
    codes, other_event = ContactCodes(KEY, tmp_path), ContactCodes(bytes(32), tmp_path)
    ani, budi = canonical_contact("ani@contoh.id"), canonical_contact("budi@contoh.id")
    codes.send(ani, 1_000, subject="Kode", text="{code}", language="id")
    code = msgspec.json.decode(next(tmp_path.glob("*.json")).read_bytes())["text"]
    assert not codes.is_right(budi, code, 1_000)
    assert not other_event.is_right(ani, code, 1_000)
    assert codes.is_right(ani, code, 1_000)


@pytest.mark.journey
@pytest.mark.parametrize("trouble", ["messages pile up", "the disk takes none"])
def test_a_code_that_could_not_be_sent_is_not_said_to_have_been(tmp_path: Path, trouble: str) -> None:
    """Without JavaScript a code is the only way in. Nobody must wait for a message that never comes."""
    Queue(tmp_path, schedule_from(time.time(), window_s=3_600)).status()
    with GateProcess(tmp_path, gate_work="on") as gate:
        mail = tmp_path / "casn" / "gates" / "1" / "mail"
        if trouble == "messages pile up":
            mail.mkdir(mode=0o700)
            for number in range(5_000):
                (mail / f"{number}.json").touch()
        else:
            mail.write_text("no folder")
        page = post(gate.port, "/antre/casn/kode", {"kontak": "budi@contoh.id"})
        assert page.status == 503
        assert "Kode belum bisa dikirim" in page.text
        assert 'name="kode"' not in page.text
