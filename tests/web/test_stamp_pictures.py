"""Pictures of stamps and the words around them: before paying, for those who may see the order alone."""

from __future__ import annotations

import hashlib
import io
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from meterai.kit.files.object_store import ObjectMissing
from meterai.pdf.ink_kinds import Ink
from meterai.pdf.rendering import render_image
from meterai.pdf.requests import RenderRequest
from meterai.stamping.in_jail.stamp_pictures import draw_crop, draw_sample_picture
from meterai.stamping.placement import Placement
from meterai.stamping.use_cases.place_stamps import place_stamps
from meterai.verification.in_jail.picture_codes import read_picture
from meterai.verification.picture_codes import PictureRequest
from tests.pdf import samples
from tests.web.asking import Answer, ask
from tests.web.running_site import RunningSite, Visitor
from tests.web.test_stored_documents import customer_called, draft, stored

LETTER = samples.letter()
BESIDE_WORDS = Placement(page=1, x=300, y=330, covers=Ink.NOTHING)
LOW = Placement(page=1, x=420, y=80, covers=Ink.NOTHING)
SCALE = 640 / 320


class Jail:
    """Draws in this process, and counts."""

    def __init__(self) -> None:
        self.drawn = 0

    async def run(self, task: str, request: Any, answer: type, *, owner: str = "") -> Any:
        assert task == "meterai.stamping.in_jail.stamp_pictures:draw_crop"
        self.drawn += 1
        return draw_crop(request)


class Store:
    """Keeps the letter alone."""

    async def get(self, key: str) -> bytes:
        if key != hashlib.sha256(LETTER).hexdigest():
            raise ObjectMissing(key)
        return LETTER


@pytest.fixture
def jail(running: RunningSite) -> Jail:
    running.app.jail, running.app.objects = Jail(), Store()
    jail: Jail = running.app.jail
    return jail


async def letter(running: RunningSite, owner: uuid.UUID | None, *placements: Placement) -> uuid.UUID:
    document = await stored(running, owner, *placements)
    await running.line.database.owner.execute(
        "UPDATE stamping.document SET input_object = $1 WHERE id = $2",
        hashlib.sha256(LETTER).hexdigest(),
        document,
    )
    return document


async def look(visitor: Visitor, address: str, known: str = "") -> Answer:
    headers = {"cookie": "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())}
    return await ask(visitor.site, address, headers=headers | ({"if-none-match": known} if known else {}))


def difference(one: Image.Image, other: Image.Image) -> float:
    """How far two pictures lie apart: 0 for the same, 255 for black and white."""
    return sum(ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB"))).mean) / 3


def box_of(placement: Placement, window: tuple[float, float]) -> tuple[int, int, int, int]:
    """Where a stamp lies in a picture whose upper left corner is this point of the page."""
    left, top = (placement.x - window[0]) * SCALE, (window[1] - placement.y - placement.size) * SCALE
    return round(left), round(top), round(left + 90 * SCALE), round(top + 90 * SCALE)


async def test_the_stamp_is_seen_on_its_place_among_the_words_around_it(
    running: RunningSite, jail: Jail
) -> None:
    visitor = running.visitor()
    ani = await customer_called(running, visitor, "ani")
    document = await letter(running, ani.customer_id, BESIDE_WORDS)
    order = await draft(running, document, ani)
    await visitor.get(f"/pesanan/{order.number}/bayar")
    (tag,) = re.findall(r"<img [^>]*/meterai/[^>]*>", visitor.text)
    assert 'loading="lazy"' in tag
    assert jail.drawn == 0, "drawn before somebody asked"
    address = re.findall(r'src="([^"]+)"', tag)[0]

    answer = await look(visitor, address)
    assert (answer.status, answer.headers["content-type"]) == (200, "image/jpeg")
    picture = Image.open(io.BytesIO(answer.body))
    assert picture.width == pytest.approx(640, abs=1)
    window = (300 + 45 - 160, 330 + 45 + 130)
    box = box_of(BESIDE_WORDS, window)
    assert difference(picture.crop(box), draw_sample_picture(180)) < 10
    beside = picture.crop((box[0] + 20, box[1] + 20, box[2] + 20, box[3] + 20))
    assert difference(beside, draw_sample_picture(180)) > 20, "the comparison would see a shift"
    page = render_image(RenderRequest(data=LETTER, page=1, width_px=round(595 * SCALE)))
    around = page.crop((round(window[0] * SCALE), round((842 - window[1]) * SCALE), 1010, 1194))
    words = (0, 0, 640, box[1] - 2)
    assert ImageStat.Stat(around.convert("L").crop(words)).extrema[0][0] < 100, "there are words"
    assert difference(picture.crop(words).reduce(4), around.crop(words).convert("RGB").reduce(4)) < 8
    assert (
        difference(
            picture.crop((12, 0, 640, 100)).reduce(4), around.convert("RGB").crop((0, 12, 628, 112)).reduce(4)
        )
        > 9
    )
    assert read_picture(PictureRequest(data=answer.body)).texts == ()

    again = await look(visitor, address)
    assert (again.body, jail.drawn) == (answer.body, 1)
    assert (await look(visitor, address, answer.headers["etag"])).status == 304
    await place_stamps(running.line.database.app, document, [LOW], profile=None)
    moved = await look(visitor, address, answer.headers["etag"])
    assert (moved.status, jail.drawn) == (200, 2)
    assert difference(picture, Image.open(io.BytesIO(moved.body)).resize(picture.size)) > 5


async def test_each_stamp_has_its_picture_with_the_others_beside_it(running: RunningSite, jail: Jail) -> None:
    visitor = running.visitor()
    ani = await customer_called(running, visitor, "ani")
    beside = Placement(page=1, x=310, y=80)
    document = await letter(running, ani.customer_id, LOW, beside)
    answer = await look(visitor, f"/saya/dokumen/{document}/meterai/1")
    picture = Image.open(io.BytesIO(answer.body))
    window = (595 - 320, 260)
    for place in (LOW, beside):
        assert difference(picture.crop(box_of(place, window)), draw_sample_picture(180)) < 10
    assert (await look(visitor, f"/saya/dokumen/{document}/meterai/2")).status == 200
    for number in (0, 3):
        assert (await look(visitor, f"/saya/dokumen/{document}/meterai/{number}")).status == 404


async def test_strangers_get_no_picture_and_nothing_is_drawn_for_them(
    running: RunningSite, jail: Jail
) -> None:
    ani = await customer_called(running, running.visitor(), "ani")
    document = await letter(running, ani.customer_id, LOW)
    order = await draft(running, document, ani)
    other = running.visitor()
    budi = await customer_called(running, other, "budi")
    own = await draft(running, await letter(running, budi.customer_id, LOW), budi)
    wanted: list[Callable[[], Any]] = [
        lambda: look(running.visitor(), f"/pesanan/{order.number}/meterai/{document}/1"),
        lambda: look(running.visitor(), f"/saya/dokumen/{document}/meterai/1"),
        lambda: look(other, f"/pesanan/{order.number}/meterai/{document}/1"),
        lambda: look(other, f"/pesanan/{own.number}/meterai/{document}/1"),
        lambda: look(other, f"/saya/dokumen/{document}/meterai/1"),
    ]
    for ask_for in wanted:
        answer = await ask_for()
        assert answer.status in (303, 403, 404)
        assert b"JFIF" not in answer.body
    assert jail.drawn == 0


@pytest.mark.parametrize("side", [50, 90, 180, 400, 900])
def test_the_sample_has_no_code_that_can_be_read(side: int) -> None:
    out = io.BytesIO()
    draw_sample_picture(side).save(out, "PNG")
    assert read_picture(PictureRequest(data=out.getvalue())).texts == ()
