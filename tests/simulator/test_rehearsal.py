"""Rehearsals: the schedule, the report, and a short one against a service of its own, every fault in it."""

from __future__ import annotations

import asyncio
import fcntl
import io
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web
from rich.console import Console

from meterai.cli.tools import rehearse as command
from meterai.cli.tools.rehearse import View, shown
from meterai.kit.installation import Addresses, write_addresses
from simulator.crowd.applicant import Outcome, Stamped, StepRefused
from simulator.crowd.browser import Browser, Response
from simulator.crowd.papers import make_letter
from simulator.crowd.service import Service
from simulator.rehearsal import __main__ as player_process
from simulator.rehearsal import crowd as crowd_of_people
from simulator.rehearsal import rehearse as player
from simulator.rehearsal.crowd import Crowd, rate_at
from simulator.rehearsal.faults import FaultOutcome, Saboteur, first_at_work, longest_pause
from simulator.rehearsal.patience import Fate, PatientApplicant
from simulator.rehearsal.rehearse import Check, Moment, Rehearsal
from simulator.rehearsal.report import write_report
from simulator.rehearsal.report_words import Both, both
from simulator.rehearsal.schedule import FaultKind, PlannedFault, Schedule, default_schedule, read_schedule
from simulator.rehearsal.victims import Victim, is_alive, is_frozen, strike, victims
from tests.ports import free_port
from tests.running_service import running_service
from tests.sandbox.twins import SERVER_KEY, running_gateway, served

pytestmark = pytest.mark.journey

COMMAND = [sys.executable, "-m", "meterai.cli", "rehearse"]
PLAYER = [sys.executable, "-m", "simulator.rehearsal"]
KEY = aiohttp.BasicAuth(SERVER_KEY, "")
NOWHERE = Service(pid=1, site="", inbox="", gateway="")


def test_the_default_breaks_everything_once_and_the_gateway_for_two_minutes_at_most() -> None:
    faults = default_schedule(3600).faults
    assert sorted(fault.kind for fault in faults) == sorted(FaultKind)
    assert {fault.seconds for fault in faults} == {0.0, 120.0}
    assert max(fault.seconds for fault in default_schedule(60).faults) == 12
    assert max(fault.at for fault in faults) < 0.85, "so that people come after the last one"


def test_a_schedule_is_read_and_a_wrong_one_is_named(tmp_path: Path) -> None:
    file = tmp_path / "faults.toml"
    file.write_text('[[faults]]\nkind = "signer_killed"\nat = 0.5\n')
    assert read_schedule(str(file), 60).faults == (PlannedFault(kind=FaultKind.SIGNER_KILLED, at=0.5),)
    assert read_schedule("none", 60) == Schedule(())
    for text in ('[[faults]]\nkind = "meteor"\nat = 0.5\n', '[[faults]]\nkind = "jail_killed"\nat = 2.0\n'):
        file.write_text(text)
        with pytest.raises(ValueError, match="--faults"):
            read_schedule(str(file), 60)


def test_people_come_by_the_deadline_law_three_times_as_many_at_the_end() -> None:
    assert rate_at(1.0, 6.0) == pytest.approx(6.0)
    assert rate_at(0.0, 6.0) == pytest.approx(2.0)
    assert rate_at(0.5, 6.0) == pytest.approx(3.0)


def test_files_that_are_judged_come_from_the_whole_evening() -> None:
    service = Service(pid=1, site="", inbox="", gateway="")
    crowd = Crowd(service, b"", 1.0, 60.0, random.Random(1))
    for number in range(400):
        crowd._finish(0.0, str(number).encode(), str(number))
    numbers = [int(file) for file in crowd.files]
    assert len(set(numbers)) == 20
    assert sum(number >= 200 for number in numbers) >= 5, "the faults strike when the first are finished"


def test_the_p95_of_the_last_ten_seconds_is_of_all_their_answers() -> None:
    crowd = Crowd(Service(pid=1, site="", inbox="", gateway=""), b"", 1.0, 60.0, random.Random(1))
    for milliseconds in [2000.0] * 200 + [10.0] * 1800:  # of 200 a second for ten seconds
        crowd.recent.append((time.monotonic(), milliseconds))
    assert crowd.p95_ms() == 2000.0


class Buyer:
    """Pays at once, or never; has the file some time later."""

    ticket, reloads, waited_s, paying = "", 0, 0.0, ""
    on_step: Callable[[str, float], None]

    def __init__(self, number: int) -> None:
        self._pays, self._stamped_after_s = number % 2 == 1, 0.4 if number < 10 else 60.0

    async def buy_and_stamp(self, _: object) -> SimpleNamespace:
        if self._pays:
            self.on_step("pay", 1.0)
        await asyncio.sleep(self._stamped_after_s)
        return SimpleNamespace(files=[SimpleNamespace(content=b"%PDF", sha256=str(id(self)))])


class Buyers(Crowd):
    def _person(self, number: int) -> Any:
        return Buyer(number)


async def test_who_paid_just_before_everybody_goes_home_gets_the_time_that_a_stamp_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(crowd_of_people, "PAID_WAIT_S", 1.0)
    service = Service(pid=1, site="", inbox="", gateway="")
    crowd = Buyers(service, make_letter("SURAT", "Ani", size_bytes=5_000), 1.0, 0.0, random.Random(1))
    for number in (1, 2, 3, 4, 11):
        person = asyncio.create_task(crowd._journey(number))
        crowd.people.add(person)
        person.add_done_callback(crowd.people.discard)
        person.add_done_callback(crowd.paid.discard)
    assert await crowd.go_home(0.1) == 2, "who has not paid goes home"
    assert len(crowd.finished) == 2
    assert crowd.counts["lost"] == 1, "who has nothing long after paying"
    assert not crowd.people


class Silent(Browser):
    async def request(self, *_: object, **__: object) -> Response:
        raise TimeoutError


class Payer(PatientApplicant):
    """Sends a payment, hears nothing (or, with `has_paid`, nothing after it) and leaves; later it is found to
    have had one fate after the other."""

    def __init__(self, fates: list[Fate], *, has_paid: bool = False) -> None:
        super().__init__(NOWHERE, "ani@contoh.id", gate="")
        self._fates = fates
        self._has_paid = has_paid

    async def buy_and_stamp(self, *_: object, **__: object) -> Outcome:
        self.paying = "order-1"
        if self._has_paid:
            self.on_step("pay", 1.0)
            raise ConnectionRefusedError
        raise TimeoutError

    async def fate(self) -> Fate:
        fate = self._fates.pop(0) if len(self._fates) > 1 else self._fates[0]
        if fate is Fate.STAMPED:
            self.outcome.files.append(Stamped(b"%PDF", str(id(self))))
        return fate


@pytest.mark.parametrize("has_paid", [False, True])
@pytest.mark.parametrize(
    ("fates", "count"),
    [
        ([Fate.UNPAID], "refused"),
        ([Fate.UNPAID, Fate.SETTLED, Fate.STAMPED], "finished"),
        ([Fate.UNKNOWN, Fate.REFUNDED], "refused"),
        ([Fate.UNPAID, Fate.SETTLED], "lost"),
        ([Fate.UNKNOWN], "lost"),
    ],
)
async def test_who_left_a_payment_or_a_service_that_did_not_answer_is_looked_after_in_the_end(
    monkeypatch: pytest.MonkeyPatch, fates: list[Fate], count: str, has_paid: bool
) -> None:
    for name, seconds in (("ARRIVES_S", 0.1), ("PAID_WAIT_S", 0.2), ("_LOOKS_AGAIN_S", 0.01)):
        monkeypatch.setattr(crowd_of_people, name, seconds)
    crowd = Crowd(NOWHERE, make_letter("SURAT", "Ani", size_bytes=5_000), 1.0, 0.0, random.Random(1))
    monkeypatch.setattr(Crowd, "_person", lambda *_: Payer(list(fates), has_paid=has_paid))
    await crowd._journey(1)
    assert not crowd.counts["refused"]
    await crowd.look_after()
    counted = {"finished": len(crowd.finished), **crowd.counts}
    assert {name: counted.get(name, 0) for name in ("finished", "refused", "lost")} == {
        "finished": 0, "refused": 0, "lost": 0, count: 1
    }  # fmt: skip


async def test_a_payment_that_a_silent_gateway_settles_later_is_known_by_gateway_and_order(
    tmp_path: Path,
) -> None:
    """The gateway is the twin; the site shows an order that is stamped when `stamped` says so."""
    stamped = False

    async def show(_: web.Request) -> web.Response:
        return web.Response(text='<a href="/berkas" download>' if stamped else "")

    async def deliver(_: web.Request) -> web.Response:
        return web.Response(body=b"%PDF")

    site = web.Application()
    site.add_routes([web.get("/pesanan/M-1/keadaan", show), web.get("/berkas", deliver)])
    async with served(site, free_port()) as url, running_gateway(tmp_path) as gateway:
        service = Service(pid=1, site=url, inbox="", gateway=gateway.url)
        person = PatientApplicant(service, "ani@contoh.id", gate="", patience_seconds=0)
        person.outcome.number = "M-1"
        page = Response(200, {}, b'<p data-reference="order-1">', f"{url}/pesanan/M-1")
        with pytest.raises(StepRefused, match="pay: 404"):
            await person._pay(page)
        assert person.paying == "", "nothing is known under it"

        charge = {"order_id": "order-1", "gross_amount": 25000}
        body = {"payment_type": "qris", "transaction_details": charge}
        await gateway.post("/v2/charge", body, auth=KEY)
        person.elsewhere = Silent("")
        with pytest.raises(TimeoutError):
            await person._pay(page)
        assert person.paying == "order-1"

        person.elsewhere = None
        assert await person.fate() is Fate.UNPAID
        await gateway.pay("order-1")
        assert await person.fate() is Fate.SETTLED
        stamped = True
        assert await person.fate() is Fate.STAMPED
        assert [file.content for file in person.outcome.files] == [b"%PDF"]
        refund = {"refund_key": "r1", "amount": 25000, "reason": "late"}
        await gateway.post("/v2/order-1/refund/online/direct", refund, auth=KEY)
        assert await person.fate() is Fate.REFUNDED
        person.browser.close()


async def test_only_processes_below_the_launcher_are_struck_and_every_blow_is_proven(tmp_path: Path) -> None:
    """A stand-in for a launcher with a gateway, and a stranger with the same command line beside it."""
    package = tmp_path / "sandbox"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "gateway.py").write_text("import time; time.sleep(60)")
    words = [sys.executable, "-m", "sandbox.gateway"]
    child = f"import subprocess; subprocess.Popen({words!r}).wait()"
    launcher = subprocess.Popen([sys.executable, "-c", child], cwd=tmp_path)
    stranger = subprocess.Popen(words, cwd=tmp_path)
    try:
        async with asyncio.timeout(10):
            while not (found := victims(launcher.pid, FaultKind.GATEWAY_DOWN)):
                await asyncio.sleep(0.05)
        [gateway] = found
        assert gateway.pid != stranger.pid
        faults = Schedule((PlannedFault(kind=FaultKind.GATEWAY_DOWN, at=0.0, seconds=0.3),))
        seen: list[tuple[bool, list[FaultKind]]] = []

        def hear(_: FaultOutcome) -> None:
            seen.append((is_frozen(gateway), saboteur.active()))

        finished: list[tuple[float, float]] = []
        saboteur = Saboteur(launcher.pid, faults, 1.0, finished, hear, outcomes=[])
        running = asyncio.create_task(saboteur.run())
        await asyncio.sleep(0.1)
        finished += [(time.monotonic(), time.monotonic() + later) for later in (0.5, 2.0, 60.0)]
        await running
        saboteur.count()
        [outcome] = saboteur.outcomes
        assert seen[0] == (True, [FaultKind.GATEWAY_DOWN]), "it was frozen when the fault was reported"
        assert seen[-1] == (False, [])
        assert outcome.finished_after == 3, "also of a fault at the very beginning"
        assert outcome.pause_s == pytest.approx(58, abs=0.1)
        assert (outcome.fired, outcome.came_back) == (True, True)
        assert outcome.ended_s - outcome.began_s >= 0.3
        assert is_alive(gateway)
        assert not is_frozen(gateway)
        strike(gateway, signal.SIGKILL)
        assert stranger.poll() is None
        missing = Saboteur(launcher.pid, default_schedule(0.01), 0.01, finished, lambda _: None, outcomes=[])
        await missing.run()
        assert not any(one.fired for one in missing.outcomes if one.kind is not FaultKind.GATEWAY_DOWN)
    finally:
        for process in (launcher, stranger):
            process.kill()
            process.wait()


async def test_of_several_processes_the_one_that_works_is_killed() -> None:
    """A jail that stands idle is replaced when it is needed, perhaps minutes later."""
    idle, busy = subprocess.Popen(["sleep", "60"]), subprocess.Popen(["sh", "-c", "while :; do :; done"])
    try:
        found = [
            Victim(one.pid, Path(f"/proc/{one.pid}/stat").read_text().rpartition(")")[2].split()[19])
            for one in (idle, busy)
        ]
        assert await first_at_work(found) == found[1]
        assert await first_at_work(found[:1]) == found[0]
    finally:
        for process in (idle, busy):
            process.kill()
            process.wait()


@pytest.mark.parametrize(
    ("moments", "pause"),
    [
        ([1, 2, 3, 9, 10, 16], 6),  # from 3 to 9
        ([1, 5, 9, 10, 30, 90], 20),  # the pause that goes on at the end of the time looked at counts wholly
        ([1, 7], 5),  # from the strike on
        ([1], 0),
        ([], 0),
    ],
)
def test_the_longest_pause_begins_at_the_strike_and_ends_with_somebody_who_is_finished(
    moments: list[float], pause: float
) -> None:
    assert longest_pause(moments, 2, 15) == pause


class _Wanted(HTMLParser):
    """Everything that a page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [f"{tag} {value}" for name, value in attrs if name in ("src", "href", "srcset", "data")]


def outcome_of(*, ok: bool) -> Rehearsal:
    """A made-up minute."""
    dice = random.Random(1)
    moments = [
        Moment(
            at_s=float(at),
            came=2 * at,
            in_line=dice.randrange(20),
            inside=dice.randrange(9),
            finished=at,
            refused=0,
            lost=0,
            p95_ms=dice.uniform(50, 900),
            broken=[],
            state="open",
            rate=120,
            promises=(3, 4),
        )
        for at in range(1, 61)
    ]
    fault = FaultOutcome(
        kind=FaultKind.SIGNER_KILLED,
        planned_s=10,
        began_s=10.0,
        ended_s=12.5,
        fired=ok,
        finished_after=9 * ok,
    )
    return Rehearsal(
        ok=ok,
        reasons=[] if ok else [both("did_not_fire", fault=both("signer_killed"), note="")],
        seconds=60,
        people_per_second=2.5,
        came=120,
        finished=60,
        refused=1,
        lost=0,
        unfinished=2,
        reloads=30,
        waited_p50_s=4.0,
        waited_p95_s=1234.0,
        promises=(3, 4),
        faults=[fault],
        checks=[
            Check(
                name=Both("meterai check", "meterai check"),
                ok=ok,
                words=both("invariants_hold", count="<13>"),
            ),
            Check(name=both("files_judged"), ok=ok, words=both("genuine", genuine=20, files=20)),
        ],
        moments=moments,
        problems=["1 × <script>alert(1)</script>"],
    )


def test_the_report_fetches_nothing_escapes_all_and_says_it_in_both_languages() -> None:
    page = write_report(outcome_of(ok=True), "id")
    wanted = _Wanted()
    wanted.feed(page)
    assert wanted.found == []
    assert "http" not in page
    assert "url(" not in page
    assert "<script>" not in page
    assert "&lt;13&gt; invarian berlaku" in page
    assert "20 dari 20 asli" in page
    assert not re.search("invariants|genuine|judged", page)
    for words in (
        "Laporan geladi",
        "Lulus",
        "penanda tangan dimatikan",
        "janji ditepati",
        "1.234",
        "2,5 orang",
    ):
        assert words in page
    assert "penanda tangan dimatikan: tidak terjadi" in write_report(outcome_of(ok=False), "id")
    bad = write_report(outcome_of(ok=False), "en")
    for words in (
        "Not passed",
        "signer killed",
        "signer killed: did not fire",
        "&lt;13&gt; invariants hold",
        "1,234",
        "2.5 people",
    ):
        assert words in bad


def test_seconds_without_an_answer_are_a_gap_in_the_picture() -> None:
    whole = outcome_of(ok=True)
    moments = [
        msgspec.structs.replace(moment, p95_ms=None if 20 <= moment.at_s < 30 else moment.p95_ms)
        for moment in whole.moments
    ]
    silent = msgspec.structs.replace(whole, moments=moments)
    assert write_report(whole, "en").count("<path") + 1 == write_report(silent, "en").count("<path")
    never = [msgspec.structs.replace(moment, p95_ms=None) for moment in moments]
    assert "<svg" in write_report(msgspec.structs.replace(whole, moments=never), "en")
    crowd = Crowd(Service(pid=1, site="", inbox="", gateway=""), b"", 1.0, 60.0, random.Random(1))
    assert crowd.p95_ms() is None
    view, file = View(60), io.StringIO()
    view.take({"moment": msgspec.to_builtins(moments[24])})
    Console(file=file).print(view)
    assert "none came" in file.getvalue()


@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_live_view_fits_the_terminal(width: int) -> None:
    view, file = View(60), io.StringIO()
    for moment in outcome_of(ok=True).moments:
        view.take({"moment": msgspec.to_builtins(moment)})
    Console(file=file, width=width).print(view)
    assert "…" not in file.getvalue()
    curve = next(line for line in file.getvalue().splitlines() if "came" in line).split("│")[3]
    assert len(curve.strip()) >= min(width - 45, 59)


def test_without_a_service_it_ends_with_2_and_says_what_to_do(tmp_path: Path) -> None:
    run = subprocess.run([*COMMAND, "--data", str(tmp_path)], capture_output=True, text=True)
    assert run.returncode == 2
    assert "script/server" in run.stderr
    assert "Traceback" not in run.stderr


MADE_UP_PEOPLE = {
    "player": PLAYER,
    "rehearse": [sys.executable, "-m", "meterai.cli", "rehearse"],
    **{name: [sys.executable, "-m", "benchmarks", name] for name in ("journey", "order", "steps")},
}


@pytest.mark.everyday("order")
@pytest.mark.parametrize("command", MADE_UP_PEOPLE.values(), ids=MADE_UP_PEOPLE)
def test_in_production_nobody_made_up_comes_and_nothing_is_struck(command: list[str], tmp_path: Path) -> None:
    production = Addresses(
        pid=os.getpid(),
        site="http://127.0.0.1:9",
        gate="http://127.0.0.1:9",
        database="postgresql://127.0.0.1:9/meterai",
        environment="production",
    )
    write_addresses(tmp_path, production)
    run = subprocess.run([*command, "--data", str(tmp_path)], capture_output=True, text=True, timeout=30)
    assert run.returncode == 2, run.stderr
    assert "made-up people have no place" in run.stdout + run.stderr
    assert "Traceback" not in run.stderr


def test_a_report_that_can_not_be_written_is_refused_before_anybody_comes(tmp_path: Path) -> None:
    """`tmp_path` has no service either: the report is looked at first."""
    words = ["--data", str(tmp_path), "--report", str(tmp_path / "nowhere" / "geladi.html")]
    run = subprocess.run([*PLAYER, *words], capture_output=True, text=True)
    assert run.returncode == 2
    assert "name a file that can be written" in json.loads(run.stdout)["error"]


def test_what_follows_the_view_begins_a_new_line_in_a_file_too() -> None:
    file = io.StringIO()
    console = Console(file=file)
    with shown(View(60), console):
        pass
    console.print("594 came")
    assert file.getvalue().splitlines() == ["the first people come ...", "594 came"]


@pytest.mark.long
@pytest.mark.journey
@pytest.mark.storage
def test_forty_seconds_with_every_fault_lose_nothing_and_go_on_after_each(tmp_path: Path) -> None:
    report = tmp_path / "geladi.html"
    words = ["--minutes", "0.67", "--people-per-second", "1", "--drain-seconds", "150", "--json"]
    with running_service() as service:
        run = subprocess.run(
            [*COMMAND, *words, "--report", str(report), "--data", str(service.data)],
            capture_output=True,
            text=True,
        )
    outcome: dict[str, Any] = json.loads(run.stdout)
    assert run.returncode == 0, (outcome.get("reasons"), outcome.get("problems"), run.stderr[-2000:])
    assert {fault["kind"] for fault in outcome["faults"]} == set(FaultKind)
    for fault in outcome["faults"]:
        assert fault["fired"], fault
        assert fault["came_back"], fault
        assert fault["finished_after"] > 0, fault
    assert outcome["lost"] == 0
    assert outcome["finished"] >= 0.8 * outcome["came"] > 10
    assert {check["name"]["en"]: check["ok"] for check in outcome["checks"]} == {
        "meterai check": True,
        "meterai queue audit": True,
        "files judged offline": True,
    }
    broken = [moment["broken"] for moment in outcome["moments"]]
    assert ["gateway_down"] in broken
    assert re.search(r"<svg .*PostgreSQL", report.read_text(), re.S)
    assert msgspec.json.encode(outcome)


def test_a_check_that_takes_too_long_fails_and_leaves_the_evening_its_report(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(player, "_CHECK_SECONDS_MAX", 0.01)
    check = player._command("meterai check", "check")
    assert not check.ok
    assert "0.01 s" in check.words.en


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGHUP])
def test_a_player_that_is_ended_lets_go_of_what_it_holds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sign: signal.Signals
) -> None:
    held = ["gateway"]

    async def holds(_: object) -> None:
        os.kill(os.getpid(), sign)
        try:
            await asyncio.sleep(60)
        finally:
            held.clear()

    monkeypatch.setattr(player_process, "rehearse", holds)
    monkeypatch.setattr(sys, "argv", ["rehearsal", "--data", str(tmp_path)])
    usual = signal.signal(sign, signal.SIG_DFL)
    try:
        with pytest.raises(SystemExit, match="2"):
            player_process.main()
    finally:
        signal.signal(sign, usual)
    assert held == []


def test_who_is_ended_ends_the_player() -> None:
    since = time.monotonic()
    sleeping = [sys.executable, "-c", "import time; time.sleep(60)"]
    with pytest.raises(SystemExit), command.playing(sleeping) as process:
        raise SystemExit
    assert process.returncode == -signal.SIGTERM
    assert time.monotonic() - since < 30


def test_two_crowds_at_once_are_refused(tmp_path: Path) -> None:
    """The later one would leave everybody in line for good."""
    write_addresses(tmp_path, Addresses(pid=os.getpid(), site="", database="postgresql:///nowhere"))
    first = os.open(tmp_path / "run", os.O_RDONLY)
    fcntl.flock(first, fcntl.LOCK_EX)
    second = subprocess.run([*COMMAND, "--data", str(tmp_path)], capture_output=True, text=True)
    os.close(first)
    assert second.returncode == 2
    assert "Wait until it is over" in second.stderr


def test_what_came_of_it_is_told_also_when_the_queue_can_not_be_put_back(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    @contextmanager
    def service_that_dies(*_: object) -> Iterator[None]:
        yield
        raise OSError("the database did not come back")

    monkeypatch.setattr(command, "everybody_in_line", service_that_dies)
    with pytest.raises(OSError, match="did not come back"):
        command.rehearse(data=tmp_path, report=tmp_path / "geladi.html", json_output=True)
    assert "no service runs" in json.loads(capsys.readouterr().out)["error"]
