"""Nobody pays for a stamp over text without having agreed to it: the form, the check page, quota."""

from __future__ import annotations

import hashlib
import importlib
import re
import uuid
from typing import Any

import msgspec
import pytest

from meterai.pdf.ink_kinds import Ink
from meterai.pdf.profiles import Profile
from meterai.sales.use_cases.open_order import OpenedOrder
from meterai.stamping.placement import Placement
from tests.pdf import samples
from tests.pdf.test_free_places import signed
from tests.pdf.test_ink import text
from tests.web.running_site import RunningSite, Visitor
from tests.web.test_stored_documents import customer_called, draft, stored

FREE = Placement(page=1, x=60, y=60, covers=Ink.NOTHING)
OVER = Placement(page=1, x=60, y=400, covers=Ink.TEXT)
ON_TEXT = {"x": "80", "y": "740"}
"""The heading of the letter."""
ELSEWHERE = {"x": "300", "y": "300"}
SAVED = "Meterai ini menutupi tulisan"


class Bench:
    """The site with a letter in its store, and with the functions of the jail in this process."""

    def __init__(self, running: RunningSite, data: bytes, profile: Profile = Profile.FINAL) -> None:
        self.running, self.data, self.profile = running, data, profile
        self.key = hashlib.sha256(data).hexdigest()
        self.asked: list[str] = []
        running.app.jail = running.app.objects = self

    async def get(self, key: str) -> bytes:
        assert key == self.key
        return self.data

    async def run(self, task: str, request: Any, *_: Any, **__: Any) -> Any:
        self.asked.append(task.rpartition(":")[2])
        module, _, name = task.partition(":")
        return getattr(importlib.import_module(module), name)(request)

    async def document(self, owner: uuid.UUID | None, *placements: Placement) -> uuid.UUID:
        id = await stored(self.running, owner, *placements)
        await self.running.line.database.owner.execute(
            "UPDATE stamping.document SET input_object = $2, profile = $3 WHERE id = $1",
            id,
            self.key,
            self.profile,
        )
        return id

    async def order(self, *placements: Placement) -> tuple[Visitor, OpenedOrder]:
        """A visitor with a draft of one document, in front of its placing page."""
        visitor = self.running.visitor()
        ani = await customer_called(self.running, visitor, "ani")
        order = await draft(self.running, await self.document(ani.customer_id, *placements), ani)
        await visitor.get(f"/p/{order.token}")
        await visitor.get(f"/pesanan/{order.number}/letak/1")
        return visitor, order

    async def places(self) -> list[Placement]:
        found = await self.running.line.database.owner.fetchval("SELECT placements FROM stamping.document")
        return msgspec.json.decode(found, type=list[Placement])


@pytest.fixture
def bench(running: RunningSite) -> Bench:
    return Bench(running, samples.letter())


def tick(visitor: Visitor) -> str:
    """The value of the tick "Biarkan menutupi" on the page. Empty: there is none."""
    found = re.search(r'name="menutupi" value="([^"]+)"', visitor.text)
    return found[1] if found else ""


def is_ticked(visitor: Visitor) -> bool:
    return re.search(r'name="menutupi"[^>]* checked', visitor.text) is not None


async def test_a_stamp_that_is_moved_over_text_is_stored_only_with_the_tick(bench: Bench) -> None:
    visitor, order = await bench.order(FREE)
    action, check = f"/pesanan/{order.number}/letak/1", f"/pesanan/{order.number}/bayar"
    assert not tick(visitor)
    await visitor.post(action, **ON_TEXT)
    assert visitor.status == 422
    assert SAVED in visitor.text
    assert "Biarkan menutupi" in visitor.text
    assert not is_ticked(visitor)
    assert await bench.places() == [FREE], "nothing is stored"
    agreed = tick(visitor)
    assert await visitor.post(action, **ON_TEXT, menutupi=agreed) == check
    (place,) = await bench.places()
    assert (place.covers, place.may_cover) == (Ink.TEXT, True)
    await visitor.get(check)
    assert visitor.status == 200
    assert SAVED in visitor.text
    assert "Anda memilih membiarkannya" in visitor.text

    await visitor.get(action)
    assert is_ticked(visitor)
    await visitor.post(action, **ON_TEXT)
    assert visitor.status == 422, "the word was taken back"
    await visitor.post(action, **(ON_TEXT | {"x": "120"}), menutupi=agreed)
    assert visitor.status == 422, "it holds for no other place"
    assert await visitor.post(action, **ELSEWHERE, menutupi=agreed) == check
    (place,) = await bench.places()
    assert (place.covers, place.may_cover) == (Ink.NOTHING, False)
    assert not is_ticked(visitor)
    await visitor.get(check)
    assert SAVED not in visitor.text


async def test_the_form_without_scripts_asks_the_same(bench: Bench) -> None:
    visitor, order = await bench.order(FREE)
    action = f"/pesanan/{order.number}/letak/1"
    await visitor.post(action, letak="atas_kiri", x="", y="")
    assert visitor.status == 422
    assert re.search(r'value="atas_kiri" checked', visitor.text), "what was chosen is still there"
    agreed = tick(visitor)
    await visitor.post(action, letak="atas_tengah", menutupi=agreed, x="", y="")
    assert visitor.status == 422
    await visitor.post(action, letak="atas_kiri", menutupi=agreed, x="", y="")
    assert visitor.status == 303
    (place,) = await bench.places()
    assert place.may_cover


async def test_a_proposal_that_is_taken_as_it_is_asks_the_jail_nothing(bench: Bench) -> None:
    visitor, order = await bench.order(FREE)
    await visitor.post(f"/pesanan/{order.number}/letak/1", x=str(FREE.x), y=str(FREE.y))
    assert visitor.status == 303
    assert bench.asked == []
    await visitor.post(f"/pesanan/{order.number}/letak/1", **ELSEWHERE)
    assert bench.asked == ["look_under"]


@pytest.mark.parametrize("place", [OVER, Placement(page=1, x=80, y=740)], ids=["covering", "unknown"])
async def test_nobody_pays_before_the_stamp_is_settled(bench: Bench, place: Placement) -> None:
    visitor, order = await bench.order(place)
    base = f"/pesanan/{order.number}"
    fit = f"{base}/syarat/1"
    assert await visitor.get(f"{base}/bayar") == fit
    await visitor.get(f"{base}/letak/1")
    for form in ({"cara": "qris"}, {"cara": "qris", "milik": "1"}):
        assert await visitor.post(f"{base}/bayar", **form) == fit, "nor by a form made by hand"
    state = "SELECT state FROM sales.orders"
    assert await bench.running.line.database.owner.fetchval(state) == "draft"
    assert await visitor.get(fit) == f"{base}/letak/1"
    await visitor.get(f"{base}/letak/1")
    assert (SAVED in visitor.text) == bool(place.covers)
    await visitor.post(f"{base}/letak/1", x=str(place.x), y=str(place.y))
    assert visitor.status == 422
    await visitor.post(f"{base}/letak/1", x=str(place.x), y=str(place.y), menutupi=tick(visitor))
    assert visitor.status == 303
    await visitor.get(f"{base}/bayar")
    assert visitor.status == 200


async def test_another_stamp_that_covers_text_is_shown_before_people_go_on(bench: Bench) -> None:
    second = Placement(page=1, x=60, y=180, covers=Ink.TEXT)
    visitor, order = await bench.order(FREE, second)
    action = f"/pesanan/{order.number}/letak/1"
    assert tick(visitor) == "1 60.00 180.00", "the stamp that covers something comes first"
    assert await visitor.post(action, banyak="2", meterai="1", x="60", y="60") == f"{action}?meterai=2"
    await visitor.get(f"{action}?meterai=2")
    await visitor.post(action, banyak="2", meterai="2", x="60", y="180", hapus="2")
    assert visitor.status == 303, "one that covers something can be taken off"
    assert await bench.places() == [FREE]


async def test_a_signed_file_has_no_tick(running: RunningSite) -> None:
    bench = Bench(running, signed(text(310, 540, "Rp 1.000.000")), Profile.SIGNED)
    visitor, order = await bench.order(FREE)
    over = {"x": "300", "y": "500"}
    for form in (over, over | {"menutupi": "1 300.00 500.00"}):
        await visitor.post(f"/pesanan/{order.number}/letak/1", **form)
        assert visitor.status == 422
        assert "tidak ada yang boleh tertutup" in visitor.text
        assert not tick(visitor)
    assert await bench.places() == [FREE]


async def test_quota_is_not_used_for_a_stamp_over_text_without_the_tick(bench: Bench) -> None:
    visitor = bench.running.visitor()
    ani = await customer_called(bench.running, visitor, "ani")
    action = f"/saya/dokumen/{await bench.document(ani.customer_id, OVER)}/letak"
    await visitor.get(f"/en{action}")
    assert "This stamp covers text on page 1." in visitor.text
    await visitor.post(f"/en{action}", x="60", y="400")
    assert visitor.status == 422
    assert "Let it cover this" in visitor.text
    await visitor.post(f"/en{action}", x="60", y="400", menutupi=tick(visitor))
    assert "This stamp covers text" in visitor.text
    assert "quota" in visitor.text.lower(), "now the quota alone is missing"
    (place,) = await bench.places()
    assert place.may_cover
