"""Proposes a place for one more stamp, or for one that is moved to another page."""

from __future__ import annotations

from collections.abc import Sequence

from meterai.jail.pool import JailPool
from meterai.kernel.refusals import Refusal
from meterai.kit.files.object_store import ObjectStore
from meterai.pdf.profiles import Profile
from meterai.stamping.placement import SIZE_DEFAULT, Placement, overlap
from meterai.stamping.queries import DocumentPage, read_checked
from meterai.stamping.requests import ProposeRequest

_PROPOSE = "meterai.stamping.in_jail.places.proposal:propose_placement"
_PROPOSE_FREE = "meterai.stamping.in_jail.places.free_places:propose_free_place"
_KEPT_MAX = 1024
_kept: dict[tuple[str, int, tuple[Placement, ...]], Placement] = {}
"""Recent answers: a page is shown with a proposal, and its form comes back a moment later."""


async def propose_place(
    jail: JailPool, objects: ObjectStore, document: DocumentPage, page: int, taken: Sequence[Placement]
) -> Placement | None:
    """Proposes a place where people sign that covers nothing, if there is one, and no stamp in `taken`.

    The same document gets the same answer. None when the page is full or can't be read now: a proposal is a
    convenience, and nothing waits for it.
    """
    there = tuple(placement for placement in taken if placement.page == page)
    key = (document.input_object, page, there)
    found = _kept.get(key)
    if found is None:
        try:
            found = await _look(jail, objects, document, page, there)
        except Refusal:
            return None
        _kept[key] = found
        while len(_kept) > _KEPT_MAX:
            del _kept[next(iter(_kept))]
    return None if any(overlap(found, other) for other in there) else found


async def _look(
    jail: JailPool, objects: ObjectStore, document: DocumentPage, page: int, taken: tuple[Placement, ...]
) -> Placement:
    seen = document.inspection.pages[page - 1]
    request = ProposeRequest(
        data=await read_checked(objects, document.input_object),
        page=page,
        width_pt=seen.width_pt,
        height_pt=seen.height_pt,
        size=taken[0].size if taken else SIZE_DEFAULT,
        taken=list(taken),
    )
    task = _PROPOSE_FREE if document.profile is Profile.SIGNED else _PROPOSE
    return await jail.run(task, request, Placement, owner=str(document.document_id))
