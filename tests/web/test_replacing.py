"""Another file instead of a refused one, after the payment: photos are looked at, and no text is covered."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec
import pytest

from meterai.pdf.ink_kinds import Ink
from meterai.sales.use_cases.open_order import OpenedOrder, Owner
from meterai.stamping.photos import Photo
from meterai.stamping.queries import document_page
from tests.web.running_site import RunningSite, Visitor
from tests.web.test_stored_documents import RIGHT, customer_called, draft, stored

ALBUM = "11" * 32
OVER_TEXT = msgspec.structs.replace(RIGHT, covers=Ink.TEXT)


@pytest.fixture
def replaced(monkeypatch: pytest.MonkeyPatch) -> list[uuid.UUID]:
    """The documents that were given to stamping."""
    given: list[uuid.UUID] = []

    async def replace(_db: Any, _item: uuid.UUID, document_id: uuid.UUID, **_: Any) -> None:
        given.append(document_id)

    monkeypatch.setattr("meterai.web.orders.replacing_routes.replace_document", replace)
    return given


async def refused_order(running: RunningSite, visitor: Visitor) -> tuple[OpenedOrder, Owner]:
    """A paid order of somebody signed in, whose document could not be stamped."""
    ani = await customer_called(running, visitor, "ani")
    order = await draft(running, await stored(running, ani.customer_id, RIGHT), ani)
    owner = running.line.database.owner
    await owner.execute(
        "UPDATE sales.orders SET state = 'completed', paid_at = $1, closed_at = $1", running.line.now
    )
    await owner.execute("UPDATE sales.item SET state = 'refused', refusal_code = 'pdf.broken'")
    await visitor.get(f"/pesanan/{order.number}")
    return order, ani


async def from_photo(running: RunningSite, owner: uuid.UUID | None, *places: Any) -> uuid.UUID:
    """A document that was made of one photo, and that nobody has looked at."""
    document = await stored(running, owner, *places)
    photos = msgspec.json.encode([Photo(width_px=1200, height_px=1600)]).decode()
    await running.line.database.owner.execute(
        """UPDATE stamping.document SET photos = $2, upload_object = $3, upload_bytes = 9,
               differences = '[{"page": 1, "boxes": []}]' WHERE id = $1""",
        document, photos, ALBUM,
    )  # fmt: skip
    return document


async def test_photos_are_shown_and_confirmed_before_they_replace_a_refused_document(
    running: RunningSite, monkeypatch: pytest.MonkeyPatch, replaced: list[uuid.UUID]
) -> None:
    visitor = running.visitor()
    order, ani = await refused_order(running, visitor)
    document = await from_photo(running, ani.customer_id, RIGHT)

    async def accept(*_: Any, **__: Any) -> Any:
        return await document_page(running.line.database.app, document)

    monkeypatch.setattr("meterai.web.orders.replacing_routes.accept_upload", accept)
    look = f"/pesanan/{order.number}/ganti/1/foto/{document}"
    assert await visitor.post(f"/pesanan/{order.number}/ganti/1") == look
    assert replaced == []
    await visitor.get(look)
    assert visitor.status == 200
    assert f"/pesanan/{order.number}/halaman/{document}/1?izin=" in visitor.text
    await visitor.post(look, lakukan="pakai", album="22" * 32)
    assert (visitor.status, replaced) == (409, [])
    for _ in range(2):
        assert await visitor.post(look, lakukan="pakai", album=ALBUM) == f"/pesanan/{order.number}"
    assert replaced == [document, document], "the second time changes nothing (replace_document)"


async def test_photos_of_somebody_else_replace_nothing(
    running: RunningSite, replaced: list[uuid.UUID]
) -> None:
    visitor = running.visitor()
    order, _ = await refused_order(running, visitor)
    budi = await customer_called(running, running.visitor(), "budi")
    for owner in (budi.customer_id, None):
        document = await from_photo(running, owner, RIGHT)
        look = f"/pesanan/{order.number}/ganti/1/foto/{document}"
        await visitor.get(look)
        assert visitor.status == 404
        await visitor.get(f"/pesanan/{order.number}")
        await visitor.post(look, lakukan="pakai", album=ALBUM)
        assert (visitor.status, replaced) == (404, [])


@pytest.mark.parametrize(("way", "said"), [("", "akan menutupi tulisan"), ("/en", "would cover text")])
async def test_no_file_replaces_a_refused_one_if_its_stamp_would_cover_text(
    running: RunningSite, monkeypatch: pytest.MonkeyPatch, replaced: list[uuid.UUID], way: str, said: str
) -> None:
    """The file is stamped at once, at the proposed place."""
    visitor = running.visitor()
    order, ani = await refused_order(running, visitor)
    document = await stored(running, ani.customer_id, OVER_TEXT)

    async def accept(*_: Any, **__: Any) -> Any:
        return await document_page(running.line.database.app, document)

    monkeypatch.setattr("meterai.web.orders.replacing_routes.accept_upload", accept)
    await visitor.post(f"{way}/pesanan/{order.number}/ganti/1")
    assert (visitor.status, replaced) == (422, [])
    assert said in visitor.text
    photo = await from_photo(running, ani.customer_id, OVER_TEXT)
    await visitor.get(f"{way}/pesanan/{order.number}/ganti/1/foto/{photo}")
    await visitor.post(f"{way}/pesanan/{order.number}/ganti/1/foto/{photo}", lakukan="pakai", album=ALBUM)
    assert (visitor.status, replaced) == (422, [])
    assert said in visitor.text
