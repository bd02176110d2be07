"""The door of the status page's probe: with its secret it orders although people wait, and takes no place."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from meterai.customers.organisations import ensure_organisations
from meterai.customers.probe import ProbeReach
from meterai.customers.use_cases.set_probe import set_probe
from meterai.waiting_room.rules.model import Policy
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.line import LineOfPeople
from tests.web.asking import Answer, ask
from tests.web.running_site import RunningSite, Visitor
from tests.web.test_shop import bypasses, form_of

SECRET = "p" * 32
_BOUNDARY = "x0x0x0"


@pytest_asyncio.fixture
async def shop(database: TestDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunningSite:
    """Everybody stands in line: the general shop is shut. Any file is a good document."""

    async def accept(*_: Any, **_more: Any) -> Any:
        return SimpleNamespace(document_id=uuid.uuid4(), uploaded="a")

    monkeypatch.setattr("meterai.web.line.queues.LOOK_S", 0.0)
    monkeypatch.setattr("meterai.web.documents.upload_routes.accept_one", accept)
    line = LineOfPeople(tmp_path, database, Policy())
    await ensure_organisations(database.app, line.now)
    await line.open()
    await set_probe(database.worker, "probe@meterai.localhost", reach=ProbeReach.UNPAID, now=line.now)
    return RunningSite(line, monkeypatch, general_purchases_per_minute=0, probe="on", probe_secret=SECRET)


async def knock(shop: RunningSite, authorization: str) -> Answer:
    return await ask(shop.site, "/uji", method="POST", headers={"authorization": authorization})


async def admitted(shop: RunningSite) -> tuple[Visitor, dict[str, Any]]:
    """The probe's browser, and what the door told it."""
    answer = await knock(shop, f"Bearer {SECRET}")
    assert answer.status == 200
    visitor = shop.visitor()
    visitor.cookies = dict(re.findall(r"^(\w+)=([^;]+)", "\n".join(answer.cookies), re.M))
    return visitor, msgspec.json.decode(answer.body)


async def upload(visitor: Visitor, form: str) -> str:
    proof = re.search(r'name="bukti_formulir" value="([^"]+)"', visitor.text)
    assert proof
    fields = {"bukti_formulir": proof[1], "kiriman": form, "acara": ""}
    body = "".join(
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    body += (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="berkas"; filename="a.pdf"\r\n'
        f"Content-Type: application/pdf\r\n\r\n%PDF-1.7\r\n--{_BOUNDARY}--\r\n"
    )
    return await visitor._ask("POST", "/beli", body.encode(), f"multipart/form-data; boundary={_BOUNDARY}")


async def test_with_its_secret_it_orders_while_people_wait_and_everybody_can_read_so(
    shop: RunningSite,
) -> None:
    person = shop.visitor()
    await person.get("/beli")
    assert person.status == 429
    probe, told = await admitted(shop)
    assert told == {"open_order": None, "wait_s": 0}
    await probe.get("/beli")
    assert probe.status == 200
    form = form_of(probe)
    assert (await upload(probe, form)).startswith("/pesanan/")
    assert await bypasses(shop) == ["probe"]
    rows = await shop.line.database.owner.fetch("SELECT probe FROM sales.orders")
    assert [row["probe"] for row in rows] == ["unpaid"]
    await probe.get("/beli")
    await upload(probe, form_of(probe))
    assert probe.status == 409, "one a minute"
    assert await bypasses(shop) == ["probe"]
    again, told = await admitted(shop)
    assert (told["open_order"], told["wait_s"]) == (None, 60), "a draft holds nothing"
    await again.get("/kuota")
    assert again.status == 429, "a document is all that it may buy"


async def test_its_form_is_not_counted_among_those_that_go_on_when_a_line_begins(
    shop: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nobody_waits() -> list[Any]:
        return []

    monkeypatch.setattr(shop.queues, "lines", nobody_waits)
    probe, _ = await admitted(shop)
    for visitor in (probe, shop.visitor()):
        await visitor.get("/beli")
        assert visitor.status == 200
    assert shop.queues.begun[""] == 1
    assert (await upload(probe, form_of(probe))).startswith("/pesanan/")
    assert await bypasses(shop) == [], "nobody was passed"


async def test_cookies_of_the_probe_give_nobody_else_a_right(shop: RunningSite) -> None:
    probe, _ = await admitted(shop)
    assert set(probe.cookies) == {"masuk", "uji"}
    person = shop.visitor()
    person.cookies = {"uji": probe.cookies["uji"]}
    await person.get("/beli")
    assert person.status == 429, "without the session of its account"
    person.cookies = {"masuk": probe.cookies["masuk"]}
    await person.get("/beli")
    assert person.status == 429, "without the pass"
    await probe.get("/beli")
    form = form_of(probe)
    await admitted(shop)
    await upload(probe, form)
    assert probe.status == 429, "its session ended when the next one began"
    later, _ = await admitted(shop)
    shop.line.pass_time(15 * 60)
    await later.get("/beli")
    assert later.status == 429
    assert await shop.line.database.owner.fetchval("SELECT count(*) FROM sales.orders") == 0


@pytest.mark.parametrize("given", ["", f"Basic {SECRET}", "Bearer " + "q" * 32, "Bearer ", "Bearer é"])
async def test_a_stranger_finds_no_door(shop: RunningSite, given: str) -> None:
    assert (await knock(shop, given)).status == 404


async def test_a_site_without_the_probe_has_no_door(shop: RunningSite) -> None:
    settings = shop.app.settings
    for changed in ({"probe": "off"}, {"probe_secret": ""}):
        shop.app.settings = msgspec.structs.replace(settings, **changed)
        for given in (f"Bearer {SECRET}", "Bearer "):
            assert (await knock(shop, given)).status == 404
    shop.app.settings = settings
    await set_probe(shop.line.database.worker, "", reach=ProbeReach.UNPAID, now=shop.line.now)
    assert (await knock(shop, f"Bearer {SECRET}")).status == 404, "no worker has named its account"
