"""The probe buys as a person does. What fails is named by its door, and no answer of a site ends it."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from meterai.status_page.probe import browser as browsing
from meterai.status_page.probe import journey as journeys
from meterai.status_page.probe.browser import Browser
from meterai.status_page.probe.document import make_document
from meterai.status_page.probe.journey import Journey
from meterai.status_page.probe.probe import Probe, play_once
from meterai.status_page.probe.run import Failure, Reach, Run, Step, Taken, Why
from meterai.texts.status_page import Component, Door, Health
from tests.status_page.fake_site import (
    NUMBER,
    SECRET,
    Failing,
    FakeSite,
    answers,
    breaks_off,
    hangs,
    leads_to,
)
from tests.status_page.scene import START, status_page, turns_of

_ORDER = f"/pesanan/{NUMBER}"


async def play(site: FakeSite, reach: Reach = "stamped", paused: list[float] | None = None) -> Run:
    """One purchase. Pauses are noted, and take no time."""

    async def pause(seconds: float) -> None:
        if paused is not None:
            paused.append(seconds)
        await asyncio.sleep(0)

    browser = Browser(site.url)
    try:
        return await Journey(browser, SECRET, reach=reach, now=START, pause=pause).play()
    finally:
        await browser.close()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step has a short time."""
    for name in ("STEP_SECONDS_MAX", "_CHARGE_SECONDS_MAX", "_PAID_SECONDS_MAX", "_STAMPED_SECONDS_MAX"):
        monkeypatch.setattr(journeys, name, 0.3)
    monkeypatch.setattr(browsing, "BODY_BYTES_MAX", 100_000)


async def test_in_production_it_orders_and_cancels() -> None:
    async with FakeSite().running() as site:
        run = await play(site, "unpaid")
    assert run.failure is None
    assert site.state == "cancelled"
    assert [one.step for one in run.steps][-3:] == [Step.ORDER, Step.CHARGE, Step.CANCEL]
    assert run.healths() == {Component.HOME: Health.UP, Component.PAYMENTS: Health.UP}
    assert site.sent["/beli"] == {"bukti_formulir": "a&b", "kiriman": "k1"}
    assert site.sent[f"{_ORDER}/letak/1"] == {"halaman": "1", "letak": "usulan", "catatan": ""}
    assert site.sent[f"{_ORDER}/bayar"] == {"cara": "qris", "bank": "b"}
    assert site.uploaded == make_document(START)
    assert site.with_secret == ["POST /uji"], "its secret goes nowhere else"


async def test_in_development_it_goes_through_to_the_verdict() -> None:
    async with FakeSite().running() as site:
        run = await play(site)
    assert run.failure is None
    assert set(run.healths()) == {
        Component.HOME,
        Component.PAYMENTS,
        Component.STAMPING,
        Component.VERIFICATION,
    }
    assert site.uploaded == b"%PDF-1.7 stamped"
    assert set(run.doors) == set(Door)


async def test_an_order_that_an_earlier_run_left_is_cancelled_first_and_its_minute_is_waited_for() -> None:
    paused: list[float] = []
    async with FakeSite(state="awaiting_payment").running() as site:
        site.told = {"open_order": NUMBER, "wait_s": 37}
        run = await play(site, "unpaid", paused)
        assert run.failure is None
        assert site.asked.index(f"POST {_ORDER}/batal") < site.asked.index("GET /beli")
        assert paused == [37]
        site.told = {"open_order": None, "wait_s": 100_000}
        await play(site, "unpaid", paused)
        assert paused[1] == 60, "whatever a site says"


_FAILURES: dict[str, tuple[dict[str, Failing], Step, Why, Component | None]] = {
    "dead": ({"GET /": answers(500)}, Step.HOME, Why.NO_ANSWER, Component.HOME),
    "hangs": ({"GET /": hangs}, Step.HOME, Why.LATE, Component.HOME),
    "breaks off": ({"GET /beli": breaks_off}, Step.FORM, Why.UNEXPECTED, Component.HOME),
    "does not know it": ({"POST /uji": answers(404)}, Step.SIGN_IN, Why.OFF, None),
    "tells nothing": ({"POST /uji": answers(200, b"[1")}, Step.SIGN_IN, Why.UNEXPECTED, Component.HOME),
    "tells nonsense": (
        {"POST /uji": answers(200, b'{"open_order": 5}')},
        Step.SIGN_IN,
        Why.UNEXPECTED,
        Component.HOME,
    ),
    "shop is full": ({"GET /beli": answers(429)}, Step.FORM, Why.REFUSED, Component.HOME),
    "no form": ({"GET /beli": answers(200, b"\xff\xfe<form")}, Step.UPLOAD, Why.UNEXPECTED, Component.HOME),
    "torn page": (
        {"GET /beli": answers(200, b"<![<!--<form <![CDATA[ &#xffffffff; <textarea")},
        Step.UPLOAD,
        Why.UNEXPECTED,
        Component.HOME,
    ),
    "endless page": (
        {"GET /beli": answers(200, b"x" * 200_000)},
        Step.FORM,
        Why.UNEXPECTED,
        Component.HOME,
    ),
    "goes round": ({"GET /beli": leads_to("/beli")}, Step.FORM, Why.UNEXPECTED, Component.HOME),
    "file refused": ({"POST /beli": answers(422)}, Step.UPLOAD, Why.REFUSED, Component.HOME),
    "another run ordered": ({"POST /beli": answers(409)}, Step.UPLOAD, Why.TOO_SOON, None),
    "no order": ({"POST /beli": answers(200)}, Step.UPLOAD, Why.UNEXPECTED, Component.HOME),
    "not placed": (
        {f"POST {_ORDER}/letak/1": answers(500)},
        Step.PLACE,
        Why.NO_ANSWER,
        Component.HOME,
    ),
    "not ordered": ({f"POST {_ORDER}/bayar": answers(409)}, Step.ORDER, Why.REFUSED, Component.PAYMENTS),
    "gateway gone": ({"GET /pay/1": answers(502)}, Step.PAY, Why.NO_ANSWER, Component.PAYMENTS),
    "no file": (
        {f"GET {_ORDER}/unduh/1": answers(200, b"<html>")},
        Step.DOWNLOAD,
        Why.UNEXPECTED,
        Component.STAMPING,
    ),
    "no verifier": ({"POST /periksa": answers(503)}, Step.VERIFY, Why.NO_ANSWER, Component.VERIFICATION),
}


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("what", _FAILURES)
async def test_a_failure_names_its_door(what: str) -> None:
    failing, step, why, down = _FAILURES[what]
    async with FakeSite(failing=failing).running() as site:
        run = await play(site)
    assert run.failure is not None
    assert (run.failure.step, run.failure.why) == (step, why)
    assert [name for name, health in run.healths().items() if health is Health.DOWN] == [down] * bool(down)
    assert site.state in ("draft", "cancelled", "completed"), "no order stays open"


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(
    ("wrong", "step", "door", "why"),
    [
        ({"charged": False}, Step.CHARGE, Door.GATEWAY, Why.LATE),
        ({"settles": False}, Step.PAID, Door.PAYMENT, Why.LATE),
        ({"stamps": False}, Step.STAMPED, Door.STAMPING, Why.LATE),
        ({"verdict": "TIDAK_ASLI"}, Step.VERIFY, Door.VERIFICATION, Why.UNEXPECTED),
    ],
)
async def test_what_does_not_come_is_not_waited_for_long(
    wrong: dict[str, bool], step: Step, door: Door, why: Why
) -> None:
    async with FakeSite(**wrong).running() as site:  # type: ignore[arg-type]
        run = await play(site)
    assert run.failure == Failure(step=step, door=door, why=why)
    assert site.state != "awaiting_payment", "what can still be paid is cancelled"


async def test_a_site_that_somebody_has_taken_does_not_send_it_elsewhere() -> None:
    async with FakeSite().running() as site, FakeSite().running() as elsewhere:
        site.failing = {"GET /beli": leads_to(f"{elsewhere.url}/"), "POST /uji": leads_to(elsewhere.url)}
        run = await play(site)
        assert run.failure is not None
        assert run.failure.step is Step.SIGN_IN
        del site.failing["POST /uji"]
        run = await play(site)
        assert (run.failure.step, run.failure.why) == (Step.FORM, Why.UNEXPECTED)  # type: ignore[union-attr]
        assert elsewhere.asked == []


def test_a_slow_step_shows() -> None:
    fast = Taken(step=Step.HOME, door=Door.HOME, seconds=0.1)
    slow = [Taken(step=Step.ORDER, door=Door.PAYMENT, seconds=3.5)]
    waits = [Taken(step=Step.STAMPED, door=Door.STAMPING, seconds=9)]
    run = Run(at=START, reach="stamped", seconds=13, steps=[fast, *slow, *waits])
    assert run.healths() == {
        Component.HOME: Health.UP,
        Component.PAYMENTS: Health.DEGRADED,
        Component.STAMPING: Health.UP,
    }


# -------------------------------------------------------------------------------------- one after the other


class Played:
    """Purchases that last as long as a test wants."""

    def __init__(self) -> None:
        self.began = 0
        self.going = asyncio.Event()
        self.going.set()
        self.failure: Failure | None = None

    async def __call__(self) -> Run:
        self.began += 1
        await self.going.wait()
        step = Taken(step=Step.HOME, door=Door.HOME, seconds=0.1)
        return Run(at=START, reach="unpaid", seconds=0.1, steps=[step], failure=self.failure)


async def test_there_is_one_at_a_time_and_one_a_minute() -> None:
    played, now = Played(), [0.0]
    probe = Probe(played, every_s=10, clock=lambda: now[0], patience_s=0.01)
    played.going.clear()
    assert await probe.probe(None) == {}, "a look does not wait for long"
    now[0] = 500
    await probe.probe(None)
    assert played.began == 1
    played.going.set()
    assert await probe.probe(None) == {Component.HOME: Health.UP}
    now[0] = 550
    await probe.probe(None)
    now[0] = 559
    await probe.probe(None)
    assert played.began == 2, "the site takes no more, however often people look"
    played.failure = Failure(step=Step.ORDER, door=Door.PAYMENT, why=Why.LATE)
    now[0] = 700
    assert (await probe.probe(None))[Component.PAYMENTS] is Health.DOWN
    played.failure = None
    assert Component.PAYMENTS not in await probe.probe(None), "after a failure it tries at each look"
    played.going.clear()
    now[0] = 2_000
    assert await probe.probe(None) == {}, "what was seen long ago is unknown"
    await probe.close()


async def test_whatever_happens_in_a_purchase_the_status_page_goes_on() -> None:
    async def breaks() -> Run:
        raise ZeroDivisionError

    assert await Probe(breaks, every_s=60).probe(None) == {}


# ------------------------------------------------------------------------------------------------ on the page


async def test_people_read_how_it_went_and_that_everything_is_dead(tmp_path: Path) -> None:
    """The status page goes on when the site is killed in the middle of the day."""
    async with status_page(tmp_path) as scene, FakeSite().running() as site:

        async def play_here() -> Run:
            return await play_once(site.url, SECRET, reach="stamped", clock=lambda: scene.moment)

        probe = Probe(play_here, every_s=60, clock=lambda: scene.moment.timestamp())
        scene.turns = turns_of(scene, scene.turns._core._site, probe)
        await scene.minutes(0)
        page = scene.page()
        assert "Semua layanan berjalan" in page
        assert "dibayar, diberi meterai, dan diperiksa ASLI" in page
        assert "paid, stamped, and verified as ASLI" in scene.page("en/index.html")
        told = scene.told["probe"]
        assert (told["failure"], told["reach"]) == (None, "stamped")
        assert {one["step"] for one in told["steps"]} >= {"upload", "order", "stamped", "verify"}
        site.settles, site.state = False, "draft"
        site.failing["POST /pay/1"] = answers(502)
        await scene.minutes(1)
        assert "berhenti di: Gerbang pembayaran" in scene.page()
        assert re.search(r"Pembayaran</span> <span class=\"chip down\"", scene.page())
        assert SECRET not in msgspec.json.encode(scene.told).decode()
    async with status_page(tmp_path) as scene:

        async def play_there() -> Run:
            return await play_once(site.url, SECRET, reach="stamped", clock=lambda: scene.moment)

        scene.moment = START + timedelta(minutes=2)
        probe = Probe(play_there, every_s=60, clock=lambda: scene.moment.timestamp())
        scene.turns = turns_of(scene, scene.turns._core._site, probe)
        await scene.die()
        await scene.minutes(0)
        await scene.minutes(1)
        assert "<h1>Layanan tidak dapat dipakai saat ini</h1>" in scene.page()
        assert "berhenti di: Beranda" in scene.page()
        assert "stopped at: Home page" in scene.page("en/index.html")
        assert scene.told["probe"]["at"] == "2026-09-05T07:08:00Z"
        await probe.close()
