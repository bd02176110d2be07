"""The shop for no event while people wait in line: it has a small share of the admissions."""

from __future__ import annotations

import asyncio
import re
import struct
from datetime import timedelta
from itertools import cycle
from pathlib import Path

import pytest
import pytest_asyncio

from meterai.customers.organisations import ensure_organisations
from meterai.kernel.clock import business_date, start_of_business_date
from meterai.kit.acting import Actor
from meterai.kit.http.network_limits import NetworkLimits
from meterai.operations.use_cases.check_invariants import check_tables
from meterai.sales.use_cases.set_price import NewPrice, set_price
from meterai.waiting_room.rules.general_share import DEPTH_MIN, depth_of, level_needed
from meterai.waiting_room.rules.model import Policy, QueueState
from meterai.web.line.queues import INSIDE_AT_NETWORK, INSIDE_PER_NETWORK, INSIDE_S, inside_cookie
from meterai.web.requests.form_rights import lets_go_on, make_form_name
from meterai.web.requests.mac import to_tagged_text
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.line import ANI, LineOfPeople
from tests.web.running_site import GATE, RunningSite, Visitor, called

_networks = cycle(range(200))


async def running_with(
    database: TestDatabase, root: Path, monkeypatch: pytest.MonkeyPatch, *, per_minute: int
) -> RunningSite:
    """A site before an open queue, with `per_minute` general purchases a minute."""
    monkeypatch.setattr("meterai.web.line.queues.LOOK_S", 0.0)
    line = LineOfPeople(root, database, Policy())
    await ensure_organisations(database.app, line.now)
    await line.open()
    return RunningSite(line, monkeypatch, general_purchases_per_minute=per_minute)


@pytest_asyncio.fixture
async def shop(database: TestDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunningSite:
    """Six general purchases a minute, two of them at once."""
    return await running_with(database, tmp_path, monkeypatch, per_minute=6)


def form_of(visitor: Visitor) -> str:
    """The name of the form on the page."""
    found = re.search(r'name="kiriman" value="([^"]+)"', visitor.text)
    assert found
    return found[1]


async def fill(shop: RunningSite) -> None:
    """Visitors of new networks take the places that are left."""
    for _ in range(int(DEPTH_MIN)):
        other = shop.visitor()
        other.client = f"198.51.{next(_networks)}.7"
        assert (await buy(other)).startswith("/pesanan/")


async def buy(visitor: Visitor) -> str:
    """Sends the form for quota. Returns where it leads to."""
    await visitor.get("/kuota")
    return await visitor.post("/kuota", kiriman=form_of(visitor), jumlah="1")


async def bypasses(shop: RunningSite) -> list[str]:
    rows = await shop.line.database.owner.fetch("SELECT facts FROM waiting_room.to_log ORDER BY n")
    return [re.findall(r'"why": "(\w+)"', str(row["facts"]))[0] for row in rows]


@pytest.mark.parametrize("address", ["/beli", "/kuota"])
async def test_a_share_of_the_door_is_kept_for_purchases_for_no_event(
    shop: RunningSite, address: str
) -> None:
    await fill(shop)
    late = shop.visitor()
    await late.get(f"/en{address}")
    assert late.status == 429
    assert late.headers["retry-after"] == "60"
    assert "nobody jumps the queue" in late.text
    assert "has not become an order" not in late.text, "nothing was sent"
    assert f'href="{GATE}/en/antre/casn"' in late.text
    shop.line.pass_time(10)  # six a minute
    await late.get(address)
    assert late.status == 200
    assert await bypasses(shop) == ["general_share"] * 2


async def test_whoever_looks_at_a_form_takes_no_place_and_is_told_so(shop: RunningSite) -> None:
    for address in ("/beli", "/kuota"):
        for _ in range(20):
            visitor = shop.visitor()
            await visitor.get(f"/en{address}")
            assert visitor.status == 200
        assert "Your place is taken only when you send this form" in visitor.text
    await fill(shop)


async def test_a_form_without_a_document_or_a_number_takes_no_place(shop: RunningSite) -> None:
    visitor = shop.visitor()
    for address, fields in (("/beli", {}), ("/kuota", {"jumlah": "0"})):
        await visitor.get(address)
        form = form_of(visitor)
        for _ in range(5):
            await visitor.post(address, kiriman=form, **fields)
            assert (visitor.status, form_of(visitor)) == (422, form), "the form can be sent again"
    await fill(shop)


async def test_whoever_comes_too_late_with_a_form_is_told_that_it_opened_no_order(shop: RunningSite) -> None:
    late = shop.visitor()
    await late.get("/en/kuota")
    form = form_of(late)
    await fill(shop)
    await late.post("/en/kuota", kiriman=form, jumlah="1")
    assert late.status == 429
    assert "has not become an order" in late.text
    assert await shop.line.database.owner.fetchval("SELECT count(*) FROM sales.orders") == 2
    shop.line.pass_time(10)
    assert (await late.post("/kuota", kiriman=form, jumlah="1")).startswith("/pesanan/")


@pytest.mark.parametrize(
    "addresses",
    [("192.0.2.7", "192.0.2.200", "192.0.3.7"), ("2001:db8:1::7", "2001:db8:1:99::8", "2001:db8:2::7")],
)
async def test_a_network_that_had_places_leaves_the_last_ones_to_others(
    shop: RunningSite, addresses: tuple[str, str, str]
) -> None:
    greedy, again, other = shop.visitor(), shop.visitor(), shop.visitor()
    greedy.client, again.client, other.client = addresses
    assert (await buy(greedy)).startswith("/pesanan/")
    await again.get("/en/kuota")
    assert again.status == 429
    assert "the places that are left are kept for other networks" in again.text
    assert (await buy(other)).startswith("/pesanan/")
    await again.get("/en/kuota")
    assert "this minute's places are taken" in again.text, "nothing is left for anybody"
    shop.line.pass_time(20)
    assert (await buy(again)).startswith("/pesanan/"), "nobody else wanted them"


async def test_forms_of_one_network_that_come_at_once_are_counted_before_they_are_served(
    database: TestDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await running_with(database, tmp_path, monkeypatch, per_minute=60)
    visitors = [shop.visitor() for _ in range(10)]
    for visitor in visitors:
        await visitor.get("/kuota")
    answers = await asyncio.gather(
        *(visitor.post("/kuota", kiriman=form_of(visitor), jumlah="1") for visitor in visitors)
    )
    opened = sum(answer.startswith("/pesanan/") for answer in answers)
    assert 1 <= opened <= 6, "the share holds ten"


@pytest.mark.parametrize(
    ("line_counts", "said"),
    [
        (False, "After 5 September 2026 at 19:00 WIB, when the queue closes, everybody is served"),
        (True, "The queue closes on 5 September 2026 at 19:00 WIB. Who is in it then is still called"),
    ],
)
async def test_who_can_wait_is_told_when_the_line_closes_and_who_is_served_after_that(
    shop: RunningSite, *, line_counts: bool, said: str
) -> None:
    """The line may close long before its event does."""
    await shop.line.database.owner.execute(
        "UPDATE waiting_room.queue SET policy = jsonb_set(policy, '{line_counts}', $1::text::jsonb)",
        str(line_counts).lower(),
    )
    await fill(shop)
    late = shop.visitor()
    await late.get("/en/kuota")
    assert said in late.text


async def test_a_place_opens_one_order_however_often_its_form_is_copied(shop: RunningSite) -> None:
    visitor, friend = shop.visitor(), shop.visitor()
    await visitor.get("/kuota")
    form = form_of(visitor)
    await friend.get("/beli")  # for the proof of a form of ours
    order = await visitor.post("/kuota", kiriman=form, jumlah="3")
    assert order.startswith("/pesanan/")
    await shop.line.database.owner.execute("UPDATE waiting_room.general_share SET level = 0")
    again = await friend.post("/kuota", kiriman=form, jumlah="3")
    assert again.split("/")[2] == order.split("/")[2]
    await visitor.get("/kuota")
    assert visitor.status == 429, "the place is used"
    assert await bypasses(shop) == ["general_share"]


async def test_an_order_that_a_form_opened_before_needs_no_place(shop: RunningSite) -> None:
    """They sent it while nobody waited. The answer was lost, and they send it again an hour later."""
    await shop.line.set_state(QueueState.DIRECT)
    visitor = shop.visitor()
    await visitor.get("/kuota")
    form = form_of(visitor)
    order = await visitor.post("/kuota", kiriman=form, jumlah="1")
    await shop.line.set_state(QueueState.OPEN)
    shop.line.pass_time(INSIDE_S + 1)
    await fill(shop)
    again = await visitor.post("/kuota", kiriman=form, jumlah="1")
    assert again.split("/")[2] == order.split("/")[2]
    assert await bypasses(shop) == ["general_share"] * 2, "of the others"


async def test_who_began_before_anybody_had_to_wait_goes_on_for_half_an_hour(shop: RunningSite) -> None:
    await shop.line.set_state(QueueState.DIRECT)
    early, slow = shop.visitor(), shop.visitor()
    await early.get("/kuota")
    await slow.get("/kuota")
    forms = form_of(early), form_of(slow)
    await shop.visitor().get("/beli?acara=casn")
    assert shop.queues.begun == {"": 2, "casn": 1}, "the public log states how many may go on"
    await shop.line.set_state(QueueState.OPEN)
    await fill(shop)
    assert shop.queues.begun == {"": 2, "casn": 1}
    assert (await early.post("/kuota", kiriman=forms[0], jumlah="1")).startswith("/pesanan/")
    assert await bypasses(shop) == ["general_share"] * 2 + ["was_inside"]
    shop.line.pass_time(INSIDE_S + 1)
    await fill(shop)
    await slow.post("/kuota", kiriman=forms[1], jumlah="1")
    assert slow.status == 429


@pytest.mark.parametrize("moves", [True, False])
@pytest.mark.parametrize("address", ["/beli?acara=casn", "/kuota"])
async def test_places_inside_are_not_kept_in_store(shop: RunningSite, address: str, *, moves: bool) -> None:
    """Each load of the page names a form, at no cost. Thousands of names would pass ahead of the line.

    Behind a carrier's address thousands of people are honest, and stay inside there.
    """
    await shop.line.set_state(QueueState.DIRECT)
    loaded = [shop.visitor() for _ in range(2 * INSIDE_PER_NETWORK)]
    for visitor in loaded:
        await visitor.get(address)
        assert visitor.status == 200
    last = loaded.pop()
    opened = await last.post("/kuota", kiriman=form_of(last), jumlah="1")
    assert opened.startswith("/pesanan/"), "all enter while nobody waits"
    await shop.line.set_state(QueueState.OPEN)
    await fill(shop)
    inside = 0
    for visitor in loaded:
        visitor.client = "203.0.113.9" if moves else "192.0.2.99"
        if address == "/kuota":
            opened = await visitor.post(address, kiriman=form_of(visitor), jumlah="1")
            inside += opened.startswith("/pesanan/")
        else:
            await visitor.get(address)
            inside += visitor.status == 200
    assert inside == (INSIDE_PER_NETWORK if moves else 2 * INSIDE_PER_NETWORK - 1)
    assert shop.queues.stays_inside("198.51.100.1", shop.line.now.timestamp()) == "", (
        "others feel nothing of it"
    )


async def test_of_one_network_so_many_stay_inside_and_no_more(shop: RunningSite) -> None:
    now = shop.line.now.timestamp()
    stays = [
        shop.queues.stays_inside("192.0.2.7", now) for _ in range(INSIDE_PER_NETWORK + INSIDE_AT_NETWORK + 5)
    ]
    assert [stays.count(network) for network in ("", "192.0.2", None)] == [
        INSIDE_PER_NETWORK, INSIDE_AT_NETWORK, 5,
    ]  # fmt: skip


async def test_who_loads_the_page_again_is_one_person_and_keeps_the_place_they_had(shop: RunningSite) -> None:
    await shop.line.set_state(QueueState.DIRECT)
    early, late = shop.visitor(), shop.visitor()
    await early.get("/beli?acara=casn")
    kept = dict(early.cookies)
    shop.queues._inside = NetworkLimits(burst=0, per_second=0)
    shop.queues._inside_at = NetworkLimits(burst=0, per_second=0, hard_factor=1)
    for visitor in (early, late):
        for _ in range(3):
            await visitor.get("/beli?acara=casn")
            await visitor.get("/en/beli?acara=casn")
    assert shop.queues.entered["casn"] == 2
    assert early.cookies[inside_cookie("casn")] == kept[inside_cookie("casn")]
    await shop.line.set_state(QueueState.OPEN)
    await fill(shop)
    for visitor, status in ((early, 200), (late, 303)):
        await visitor.get("/beli?acara=casn")
        assert visitor.status == status


async def test_a_pass_of_the_line_is_good_for_one_purchase_for_no_event_too(shop: RunningSite) -> None:
    visitor = await called(shop, ANI)
    assert await visitor.get("/casn/masuk") == "/beli?acara=casn"
    await visitor.get("/beli?acara=casn")
    assert 'href="/beli"' in visitor.text
    await fill(shop)
    await visitor.get("/kuota")
    assert visitor.status == 200
    order = await visitor.post("/kuota", kiriman=form_of(visitor), jumlah="1")
    used = await shop.line.database.owner.fetchval("SELECT order_id FROM waiting_room.pass")
    assert used is not None
    assert (await visitor.get("/kuota")).startswith(order.rpartition("/")[0]), "a pass is one purchase"
    async with shop.line.database.owner.transaction():
        checked = await check_tables([shop.line.database.owner], now=shop.line.now)
    assert [found for found in checked if not found.ok] == []


async def test_quota_that_was_begun_with_a_pass_leads_on_and_leaves_the_event_open(shop: RunningSite) -> None:
    visitor = await called(shop, ANI)
    await visitor.get("/casn/masuk")
    await fill(shop)
    await visitor.get("/kuota")
    order = (await visitor.post("/kuota", kiriman=form_of(visitor), jumlah="1")).rpartition("/")[0]
    assert await visitor.get("/kuota") == f"{order}/bayar", "not to a page that asks for documents"
    await visitor.get("/beli?acara=casn")
    assert visitor.status == 200
    assert 'name="berkas_surat_lamaran"' in visitor.text, "the event can be begun instead of the quota"


async def test_quota_of_which_there_is_too_much_is_asked_for_again(shop: RunningSite) -> None:
    visitor = await called(shop, ANI)
    await visitor.get("/casn/masuk")
    await fill(shop)
    await visitor.get("/kuota")
    await visitor.post("/kuota", kiriman=form_of(visitor), jumlah="500")
    assert visitor.status == 422
    await visitor.get("/kuota")
    assert visitor.status == 200
    assert 'name="jumlah"' in visitor.text


@pytest.mark.parametrize("state", [QueueState.DIRECT, QueueState.LOTTERY, QueueState.CLOSED])
async def test_while_nobody_waits_to_enter_the_shop_is_open_to_all(
    shop: RunningSite, state: QueueState
) -> None:
    await fill(shop)
    await shop.line.set_state(state)
    for _ in range(5):
        visitor = shop.visitor()
        await visitor.get("/beli")
        assert visitor.status == 200


async def test_without_a_share_the_line_is_the_only_way(
    database: TestDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await running_with(database, tmp_path, monkeypatch, per_minute=0)
    visitor = shop.visitor()
    await visitor.get("/beli")
    assert visitor.status == 429
    assert "hanya dilayani lewat antrean" in visitor.text


def test_a_forms_seal_is_of_one_shop_one_kind_of_purchase_and_half_an_hour() -> None:
    sealed = make_form_name(b"s" * 32, "stamp", 1_000.0)
    assert len(sealed) == 52
    assert lets_go_on(b"s" * 32, "stamp", sealed, 1_000.0 + INSIDE_S - 1)
    assert not lets_go_on(b"s" * 32, "stamp", sealed, 1_000.0 + INSIDE_S)
    assert not lets_go_on(b"s" * 32, "quota", sealed, 1_000.0)
    assert not lets_go_on(b"x" * 32, "stamp", sealed, 1_000.0)
    assert not lets_go_on(b"s" * 32, "stamp", "a" * 52, 1_000.0)
    assert not lets_go_on(b"s" * 32, "stamp", "", 1_000.0)


def test_a_form_that_an_older_release_made_for_a_place_gives_no_right() -> None:
    body = struct.pack(">I?18s", 1_000, True, b"r" * 18)
    older = to_tagged_text(b"s" * 32, b"shop form", body, about=b"stamp\0")
    assert len(older) == 52
    assert not lets_go_on(b"s" * 32, "stamp", older, 1_000.0)


async def test_every_page_names_the_price_of_the_day(
    running: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Officers enter it while the site runs, which has read its prices before."""
    visitor, tomorrow = running.visitor(), business_date(running.line.now) + timedelta(days=1)
    begins = start_of_business_date(tomorrow)
    await visitor.get("/")
    monkeypatch.setattr("meterai.web.pages.offers.LOOK_S", 0.0)
    new = NewPrice(valid_from=tomorrow, fee=3_000, vat_basis_points=1_150, reason="PPN naik")
    await set_price(running.line.database.operator, new, actor=Actor(name="ani"), now=running.line.now)
    for now, price in ((running.line.now, "Rp12.500"), (begins, "Rp13.000")):
        running.line.now, running.site.renew_at = now, 0.0
        for address in ("/", "/harga", "/saya"):
            await visitor.get(address)
            assert "Rp10.000" in visitor.text, address
        await visitor.get("/harga")
        assert [one for one in ("Rp12.500", "Rp13.000") if one in visitor.text] == [price]
        await visitor.get("/ketentuan")
        assert ("Rp3.000 biaya" in visitor.text) == (now is begins)
        assert running.site.renew_at >= begins.timestamp()
    await visitor.get("/harga")
    assert "PPN 11,5 persen" in visitor.text


@pytest.mark.parametrize("per_minute", [1, 6, 60, 6_000])
def test_the_more_a_network_had_the_fuller_the_share_must_be_for_its_next_place(per_minute: int) -> None:
    needed = [level_needed(per_minute, had) for had in (0, 0.5, 1, 10, 1e6)]
    assert needed[0] == 1, "one place is enough for a network that had none"
    assert needed == sorted(needed)
    assert needed[-1] <= depth_of(per_minute), "nobody waits for ever"
