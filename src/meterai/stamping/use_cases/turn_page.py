"""Turns a page of a document before it is stamped: a scan that lies on its side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from meterai.jail.pool import JailPool
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.kit.files.object_store import ObjectStore, key_of
from meterai.pdf.profiles import Profile
from meterai.pdf.requests import PageSize
from meterai.stamping.output_limits import measure
from meterai.stamping.placement import Placement, Position, named_placement, overlap
from meterai.stamping.queries import DocumentPage, read_checked
from meterai.stamping.requests import TurnedDocument, TurnRequest
from meterai.stamping.store import documents
from meterai.stamping.use_cases.clean_up import delete_if_unneeded
from meterai.stamping.use_cases.propose_place import propose_place

_TURN = "meterai.stamping.in_jail.turning:turn"


class _Turned(NamedTuple):
    """A file with the turned page, its key, and the size of that page now."""

    key: str
    data: bytes
    page: PageSize


async def turn_page(
    db: Database, jail: JailPool, objects: ObjectStore, document: DocumentPage, page: int, *, degrees: int
) -> None:
    """Replaces the stored files by ones with the page turned, and proposes new places for the stamps on it.

    Preview, proposal and sealed file come from the same bytes, so they agree.

    Raises: Refusal INVALID `placement.page`, `pdf.signed`, `placement.no_room`; CONFLICT `document.changed`
    (stamped, rewritten or turned meanwhile); UNAVAILABLE `object.missing`, `object.damaged`; BUSY
    `jail.busy`.
    """
    pages = len(document.inspection.pages)
    if not 1 <= page <= pages:
        raise Refusal(Kind.INVALID, "placement.page", page=page, pages=pages)
    if document.profile is Profile.SIGNED:
        raise Refusal(Kind.INVALID, "pdf.signed")
    files = await _turn_files(jail, objects, document, page, degrees)
    turned = files[document.input_object]
    await objects.put_all({file.key: file.data for file in files.values()})
    now = _as_turned(document, page, turned)
    now = msgspec.structs.replace(now, placements=await _places(jail, objects, now, page))
    await _store(db, jail, objects, document, now, files)


async def _turn_files(
    jail: JailPool, objects: ObjectStore, document: DocumentPage, page: int, degrees: int
) -> dict[str, _Turned]:
    """The files of a document by their keys so far: for either profile, and the one before a rewriting."""
    found = {}
    for key in {document.input_object, document.other_object, document.rewritten_from}:
        if key is not None:
            request = TurnRequest(data=await read_checked(objects, key), page=page, degrees=degrees)
            made = await jail.run(_TURN, request, TurnedDocument, owner=str(document.document_id))
            found[key] = _Turned(key_of(made.data), made.data, made.page)
    return found


def _as_turned(document: DocumentPage, page: int, turned: _Turned) -> DocumentPage:
    sizes = list(document.inspection.pages)
    sizes[page - 1] = turned.page
    inspection = msgspec.structs.replace(document.inspection, pages=sizes, size_bytes=len(turned.data))
    return msgspec.structs.replace(document, input_object=turned.key, inspection=inspection)


async def _places(
    jail: JailPool, objects: ObjectStore, document: DocumentPage, page: int
) -> tuple[Placement, ...]:
    """The places of all stamps, those on the turned page proposed again."""
    found = list[Placement]()
    for place in document.placements:
        if place.page == page:
            proposed = await propose_place(jail, objects, document, page, found)
            found.append(proposed or _named_place(document, place, found))
        else:
            found.append(place)
    return tuple(found)


def _named_place(document: DocumentPage, place: Placement, taken: Sequence[Placement]) -> Placement:
    """One of the nine positions that no stamp has. Raises: Refusal INVALID `placement.no_room`."""
    size = document.inspection.pages[place.page - 1]
    for position in reversed(Position):
        found = named_placement(
            position, page=place.page, width_pt=size.width_pt, height_pt=size.height_pt, size=place.size
        )
        if not any(overlap(found, other) for other in taken):
            return found
    raise Refusal(Kind.INVALID, "placement.no_room")


async def _store(
    db: Database,
    jail: JailPool,
    objects: ObjectStore,
    document: DocumentPage,
    now: DocumentPage,
    files: dict[str, _Turned],
) -> None:
    data = files[document.input_object].data
    output = await measure(jail, data, now.placements, document.limits, owner=str(document.document_id))
    contents = {file.key: file.data for file in files.values()}
    async with db.transaction() as tx:
        for key in sorted(contents):
            await documents.lock_object(tx, key, exclusive=False)
        stored = await documents.set_turned(
            tx,
            document.document_id,
            _new_files(document, files),
            was=document.input_object,
            inspection=now.inspection,
            placements=now.placements,
            output=output,
        )
    if not stored:
        raise Refusal(Kind.CONFLICT, "document.changed")
    await objects.put_all(contents)  # again: see lock_object
    for unneeded in files:
        await delete_if_unneeded(db, objects, unneeded)


def _new_files(document: DocumentPage, files: dict[str, _Turned]) -> documents.TurnedFiles:
    turned = files[document.input_object]
    other, original = (
        files[key] if key else None for key in (document.other_object, document.rewritten_from)
    )
    return documents.TurnedFiles(
        input_object=turned.key,
        input_bytes=len(turned.data),
        other_object=other.key if other else None,
        other_bytes=len(other.data) if other else None,
        rewritten_from=original.key if original else None,
    )
