"""The page "Now": under each trouble the first sentence says what is so, and what to do."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
import pytest_asyncio

from meterai.console.now import now_routes, watch
from meterai.console.now.charts import charts_of
from meterai.console.now.links import CARDS, NOTICED, links_of
from meterai.console.session import SignedIn
from meterai.kernel.ids import new_id
from meterai.kit.files.free_space import DiskReserve
from meterai.kit.stop_switches import SEALING_STOPPED, set_switch
from meterai.operations.officers.officers_file import ROLES
from meterai.operations.officers.sessions import IDLE
from meterai.operations.samples import Point
from meterai.operations.signs.table import SIGNS, Lit
from meterai.operations.use_cases import look_now
from meterai.operations.use_cases.take_sample import Sampler
from meterai.texts.signs import SIGNS as WORDS
from meterai.waiting_room.control.site_load import SiteLoad, report_site_load
from meterai.waiting_room.rules.model import QueueState
from tests.console.running_console import Browser, browser_of
from tests.sales.shop import Shop, open_shop
from tests.storage_fixtures import TestDatabase

ALARMS = Path(__file__).parents[2] / "deploy" / "alarms.yml"
BY_PROMETHEUS_ALONE = {
    "ProcessDown",
    "ProcessNotReady",
    "GateAnswersNoPolls",
    "ControllerFails",
    "ControllerSilent",
    "SignerSlow",
    "JailUnavailable",
    "LoopFails",
    "MessagesNotTaken",
    "SignInsFail",
}
"""They follow from what each process counts by itself; the console asks the database."""


class Signing:
    """A signer that answers."""

    async def ping(self) -> Any:
        return SimpleNamespace(tsa_ends=None)


class Duty:
    """A shop that runs well, and an officer who watches it."""

    def __init__(self, shop: Shop, folder: Path) -> None:
        self.shop = shop
        self.sampler = Sampler(shop.database.worker, Signing(), DiskReserve({"data": folder}, 5))  # type: ignore[arg-type]
        self.browser: Browser = browser_of(shop.database, clock=shop.clock)

    async def get_well(self) -> None:
        """Nothing is wrong: a day is closed, a site reports, a copy was made."""
        owner, now = self.shop.database.owner, self.shop.clock()
        await owner.execute("UPDATE operations.last_backup SET made_at = $1", now)
        await owner.execute("UPDATE operations.retention_run SET finished_at = $1", now)
        await owner.execute("UPDATE operations.invariant_run SET begun_at = $1, finished_at = $1", now)
        load = SiteLoad(p95_ms=250, in_flight=2, requests=30, faults=0, entered={})
        await report_site_load(self.shop.database.app, "here:1", load)
        await self.sampler.turn(now)

    async def first(self, language: str = "id") -> str:
        """The first sentence, and what to do."""
        self.browser.console.state.watch = watch.Watch(self.browser.console.state.service)
        await self.browser.get(f"/bahasa/{language}")
        assert await self.browser.get("/") == "/"
        assert self.browser.status == 200, self.browser.text
        shown = re.search(r'<div class="sign.*?</div>', self.browser.text, re.DOTALL)
        assert shown
        return shown[0]


@pytest_asyncio.fixture
async def duty(database: TestDatabase, tmp_path: Path) -> AsyncIterator[Duty]:
    async with open_shop(database) as shop:
        made = Duty(shop, tmp_path)
        await made.get_well()
        await made.browser.sign_in_unchecked()
        yield made


async def throw(duty: Duty) -> None:
    async with duty.shop.db.transaction() as tx:
        await set_switch(tx, SEALING_STOPPED, thrown=True, reason="drill", now=duty.shop.clock())


async def be_late(duty: Duty) -> None:
    await duty.shop.pay(await duty.shop.placed_stamps())
    duty.shop.pass_time(minutes=3)
    await duty.sampler.turn(duty.shop.clock())


async def sell_out(duty: Duty) -> None:
    await duty.shop.database.owner.execute(
        "UPDATE ledger.account SET debits_posted = credits_posted, debits_pending = 0"
        " WHERE kind = 'seller_stock'"
    )


async def leave_unclosed(duty: Duty) -> None:
    await duty.shop.paid_quota(1)
    duty.shop.pass_time(days=2)
    await duty.browser.sign_in_unchecked()
    await duty.get_well()


async def break_gateway(duty: Duty) -> None:
    owner = duty.shop.database.owner
    placed = await duty.shop.placed_quota(1)
    for _ in range(6):
        await owner.execute(
            """INSERT INTO sales.payment (id, order_id, gateway, channel, reference, amount, state,
                   created_at, expires_at, polls)
               SELECT $2::uuid, order_id, gateway, channel, ($2::uuid)::text, amount, 'expired', $3, $3, 0
               FROM sales.payment WHERE reference = $1""",
            placed.payment.reference,
            new_id(duty.shop.clock()),
            duty.shop.clock(),
        )


async def leave_doubt(duty: Duty) -> None:
    page = await duty.shop.paid_quota(2)
    await duty.shop.ask_back(page.id, page.items[0].id, 1, given_back=0)
    await duty.shop.database.owner.execute("UPDATE sales.refund SET failure_code = 'gateway.refund_mismatch'")


@pytest.mark.parametrize(
    ("plant", "indonesian", "english", "step", "act"),
    [
        (
            throw,
            "Sakelar henti dilempar",
            "The stop switch is thrown",
            "two officers release it",
            "lanjutkan-tanda-tangan",
        ),
        (
            be_late,
            "Ada yang sudah membayar",
            "Somebody has paid",
            "Open the oldest order",
            "coba-lagi-meterai?order=",
        ),
        (sell_out, "Stok meterai habis", "No stamps are left", "Two officers of finance", "terbitkan-stok"),
        (
            leave_unclosed,
            "belum ditutup sejak",
            "has not been closed for",
            "ask for the close now",
            "tutup-hari",
        ),
        (leave_doubt, "menunggu keputusan", "wait for an officer", "send them again", "akhiri-pengembalian?"),
        (break_gateway, "menolak atau tidak menjawab", "refuses most charges", "another gateway", ""),
    ],
)
async def test_the_first_sentence_says_what_is_worst_and_names_the_next_step(
    duty: Duty, plant: Callable[[Duty], Awaitable[None]], indonesian: str, english: str, step: str, act: str
) -> None:
    assert "Semua berjalan" in await duty.first()
    await plant(duty)
    assert indonesian in await duty.first()
    said = await duty.first("en")
    assert english in said
    assert step in said
    links = re.findall(r'href="([^"]+)"', said)
    assert links
    assert any(link.startswith(f"/tindakan/{act}") for link in links) == bool(act)
    for link in links:
        if link.startswith("#"):
            assert f'id="{link[1:]}"' in duty.browser.text, link
    for link in (link for link in links if link.startswith("/")):
        assert await duty.browser.get(link) == link
        assert duty.browser.status == 200, link


async def test_the_stream_sends_what_the_page_shows_and_keeps_no_session_open(
    duty: Duty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(now_routes, "LOOK_S", 0)
    monkeypatch.setattr(watch, "LOOK_S", 0)
    await duty.first()
    page, console = duty.browser.text, duty.browser.console
    request = SimpleNamespace(app=console, cookies=duty.browser.cookies)
    officer = SignedIn(officer="pengembang", roles=ROLES, session_id=new_id(duty.shop.clock()))
    stream = now_routes.news(request, console.state.service, officer, hours=1)  # type: ignore[arg-type]
    first = await anext(stream)
    assert first.event == "tanda"
    assert str(first.data).strip() in page
    duty.shop.pass_time(minutes=2)
    await asyncio.wait_for(anext(stream), 5)
    await lose_the_database(stream, monkeypatch)
    seen = await duty.shop.database.owner.fetchval("SELECT max(seen_at) FROM console.session")
    assert seen < duty.shop.clock() - timedelta(minutes=1)
    duty.shop.clock.now = seen + IDLE
    assert [one.event async for one in stream][-1] == "selesai"
    await duty.browser.get("/sekarang/kabar")
    assert duty.browser.headers["location"] == "/masuk"


async def lose_the_database(stream: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stream goes on and says so: nobody could open a new one."""

    async def away(*_: object, **__: object) -> None:
        raise ConnectionRefusedError

    with monkeypatch.context() as gone:
        gone.setattr(now_routes, "find_session", away)
        gone.setattr(look_now, "measure_service", away)
        assert "Basis data tidak menjawab" in str((await asyncio.wait_for(anext(stream), 5)).data)


def test_a_chart_is_svg_with_a_point_for_each_stretch_and_gaps_where_nothing_was_seen(
    shop_times: Any,
) -> None:
    began, found = shop_times
    charts = charts_of(found, since=began, until=began + timedelta(hours=1), language="en")
    drawn = [ElementTree.fromstring(str(chart.svg)) for chart in charts]
    orders, people = drawn[0], drawn[2]
    assert [len(line.get("points", "").split()) for line in orders.iter("polyline")] == [3, 2]
    assert next(people.iter("polyline")).get("points", "").split()[0] == "44.0,12.0"
    assert "highest 60" in str(people.get("aria-label"))
    assert [line.tag for line in drawn[4].iter("polyline")] == []
    assert charts[0].rows[0][1] == "0.5"


@pytest.fixture
def shop_times() -> Any:
    from tests.sales.shop import NOON

    found = [
        Point(
            at=NOON + timedelta(minutes=minute),
            orders=30,
            samples=6,
            stamps_made=minute * 60,
            people=60 if minute == 0 else 0,
            late_s=0,
            p95_s=None,
        )
        for minute in (0, 1, 2, 30, 31)
    ]
    return NOON, found


def test_each_sign_leads_somewhere_and_tells_people_only_by_those_who_may() -> None:
    viewer, writer = (
        SignedIn(officer="ani", roles=frozenset({role}), session_id=uuid.uuid4())
        for role in ("view", "content")
    )
    for sign in SIGNS:
        for officer in (viewer, writer):
            links = links_of(Lit(sign, {}), officer, None, "id")
            assert links, sign.name
            assert ("/kabar/gangguan/baru" in [link.address for link in links]) == (
                officer is writer and sign.name in NOTICED
            )
    named = {name for signs in CARDS.values() for name in signs} | NOTICED
    assert named == {sign.name for sign in SIGNS} == WORDS.keys()


def test_signs_lead_to_forms_that_are_filled_in_for_officers_who_may() -> None:
    doubt, state = uuid.uuid4(), QueueState.OPEN
    lines = [("casn", state, 5), ("kip", state, 9), ("bumn", QueueState.HALTED, 20)]
    queues = [SimpleNamespace(event=event, state=state, waiting=n, is_on=True) for event, state, n in lines]
    now: Any = SimpleNamespace(
        figures=SimpleNamespace(queues=queues),
        oldest_order="2222-3333-4444",
        oldest_doubt=doubt,
        incidents=(),
    )

    def forms(of: str, role: str, **facts: str) -> list[str]:
        sign = next(one for one in SIGNS if one.name == of)
        officer = SignedIn(officer="ani", roles=frozenset({role}), session_id=uuid.uuid4())
        links = [link.address for link in links_of(Lit(sign, facts), officer, now, "id")]
        return [link.removeprefix("/tindakan/") for link in links if link.startswith("/tindakan/")]

    assert forms("payments_down", "admin") == ["tahan-antrean?event=kip"], "where most people wait"
    assert forms("line_held", "admin") == ["lanjutkan-antrean?event=bumn"]
    assert forms("stamps_late", "support") == ["coba-lagi-meterai?order=2222-3333-4444"]
    both = [f"{path}?refund={doubt}" for path in ("akhiri-pengembalian", "kirim-lagi-pengembalian")]
    assert forms("refunds_in_doubt", "finance") == both
    assert forms("difference_day", "finance", name="credit_unexplained") == ["jelaskan-baris-bank"]
    assert forms("difference_day", "finance", name="report_missing") == []
    assert forms("invariants_broken", "keys", ids="I3, I8") == ["hentikan-tanda-tangan"]
    assert forms("invariants_broken", "keys", ids="I18") == []
    assert not any(forms(sign.name, "view") for sign in SIGNS)


def test_each_alarm_has_a_sign_with_its_limit_and_its_row() -> None:
    found = re.findall(r'- alert: (\w+)\n +expr: (.*)\n(?:.*\n)*? +on_duty: "(.*)"', ALARMS.read_text())
    alarms = {name: (expression, row) for name, expression, row in found}
    signs = {alarm: sign for sign in SIGNS for alarm in sign.alarms}
    assert alarms.keys() - signs.keys() == BY_PROMETHEUS_ALONE
    assert signs.keys() <= alarms.keys()
    for alarm, sign in signs.items():
        assert sign.name in WORDS, sign
        rows = {alarms[one][1] for one in sign.alarms}
        assert sign.on_duty in rows, alarm
        if alarm != "SiteDown" and sign.limit:
            numbers = re.findall(r"[\d.]+(?:e\d+)?(?: \* \d+)?", alarms[alarm][0])
            values = {eval(number) for number in numbers if number != "."}
            assert sign.limit in values, (alarm, values)
