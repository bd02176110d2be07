"""Pictures of a stamp and the words around it, as people see them before they pay and when it is done.

Before a document is stamped, the sample of a stamp is drawn into the picture of its page. Afterwards the
stamped file is drawn as it is. Nothing is drawn before somebody looks.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import msgspec

from meterai.jail.pool import JailPool
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.kit.files.object_store import ObjectStore
from meterai.pdf.page_box import Rectangle
from meterai.pdf.requests import PageSize, RenderedPage
from meterai.stamping import page_images
from meterai.stamping.crop_requests import CROP_WIDTH_PX, DRAW_CROP, CropRequest
from meterai.stamping.placement import Placement
from meterai.stamping.queries import DocumentPage, read_checked, shown_object

_WIDTH_PT, _HEIGHT_PT = 320.0, 260.0
"""The part of a page that is shown. On a phone a point is about a dot wide, so that words can be read."""


@dataclass(frozen=True, slots=True)
class StampCrop:
    """What a picture shows: a part of a page of a stored file, and the samples to be drawn into it."""

    key: str
    page: int
    box: Rectangle
    samples: tuple[Placement, ...]

    @property
    def name(self) -> str:
        """Changes when the picture changes."""
        drawn = msgspec.json.encode((self.key, self.page, self.box, self.samples))
        return hashlib.sha256(drawn).hexdigest()[:32]


async def find_crop(db: Database, document: DocumentPage, number: int) -> StampCrop:
    """Says what the picture of a document's stamp shows; `number` counts from 1.

    Raises: Refusal NOT_FOUND `document.unknown`; GONE `document.input_deleted`.
    """
    if not 1 <= number <= len(document.placements):
        raise Refusal(Kind.NOT_FOUND, "document.unknown")
    shown = document.placements[number - 1]
    unstamped = [] if document.releases else document.placements
    return StampCrop(
        key=await shown_object(db, document.document_id),
        page=shown.page,
        box=_around(shown, document.inspection.pages[shown.page - 1]),
        samples=tuple(placement for placement in unstamped if placement.page == shown.page),
    )


async def draw_crop(jail: JailPool, objects: ObjectStore, crop: StampCrop, *, owner: str) -> bytes:
    """Returns the picture as a JPEG. It is drawn once, and kept as the images of pages are.

    Raises: Refusal UNAVAILABLE `object.missing`, `object.damaged`; BUSY `jail.busy`; INVALID `pdf.broken`.
    """
    name = f"crop {crop.name}"
    known = page_images.find(name, crop.page, CROP_WIDTH_PX)
    if known is not None:
        return known
    data = await read_checked(objects, crop.key)
    request = CropRequest(data=data, page=crop.page, box=crop.box, samples=list(crop.samples))
    drawn = await jail.run(DRAW_CROP, request, RenderedPage, owner=owner)
    page_images.keep(name, crop.page, CROP_WIDTH_PX, drawn.jpeg)
    return drawn.jpeg


def _around(placement: Placement, page: PageSize) -> Rectangle:
    """The stamp in the middle of what is shown, as far as the page goes."""
    left, right = _span(placement.x + placement.size / 2, _WIDTH_PT, page.width_pt)
    bottom, top = _span(placement.y + placement.size / 2, _HEIGHT_PT, page.height_pt)
    return left, bottom, right, top


def _span(middle: float, length: float, whole: float) -> tuple[float, float]:
    length = min(length, whole)
    start = min(max(0.0, middle - length / 2), whole - length)
    return start, start + length
