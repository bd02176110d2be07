"""Turns a page of a document before it is stamped: a scan that lies on its side."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from meterai.jail.pool import JailPool
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.kit.files.object_store import ObjectStore
from meterai.pdf.profiles import Profile
from meterai.stamping.output_limits import measure
from meterai.stamping.placement import Placement, Position, named_placement, overlap
from meterai.stamping.queries import DocumentPage, read_checked
from meterai.stamping.requests import TurnedDocument, TurnRequest
from meterai.stamping.store import documents
from meterai.stamping.use_cases.clean_up import delete_if_unneeded
from meterai.stamping.use_cases.propose_place import propose_place

_TURN = "meterai.stamping.in_jail.turning:turn"


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
    await objects.put_all({_key(file.data): file.data for file in files.values()})
    now = _as_turned(document, page, turned)
    now = msgspec.structs.replace(now, placements=await _places(jail, objects, now, page))
    await _store(db, jail, objects, document, now, files)


async def _turn_files(
    jail: JailPool, objects: ObjectStore, document: DocumentPage, page: int, degrees: int
) -> dict[str, TurnedDocument]:
    """The files of a document by their keys: for either profile, and the one before it was rewritten."""
    found = {}
    for key in {document.input_object, document.other_object, document.rewritten_from}:
        if key is not None:
            request = TurnRequest(data=await read_checked(objects, key), page=page, degrees=degrees)
            found[key] = await jail.run(_TURN, request, TurnedDocument, owner=str(document.document_id))
    return found


def _as_turned(document: DocumentPage, page: int, turned: TurnedDocument) -> DocumentPage:
    sizes = list(document.inspection.pages)
    sizes[page - 1] = turned.page
    inspection = msgspec.structs.replace(document.inspection, pages=sizes, size_bytes=len(turned.data))
    return msgspec.structs.replace(document, input_object=_key(turned.data), inspection=inspection)


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
    files: dict[str, TurnedDocument],
) -> None:
    data = {key: file.data for key, file in files.items()}
    new = _new_files(document, data)
    output = await measure(
        jail, data[document.input_object], now.placements, document.limits, owner=str(document.document_id)
    )
    async with db.transaction() as tx:
        for key in sorted(map(_key, data.values())):
            await documents.lock_object(tx, key, exclusive=False)
        stored = await documents.set_turned(
            tx,
            document.document_id,
            new,
            was=document.input_object,
            inspection=now.inspection,
            placements=now.placements,
            output=output,
        )
    if not stored:
        raise Refusal(Kind.CONFLICT, "document.changed")
    await objects.put_all({_key(content): content for content in data.values()})  # again: see lock_object
    for unneeded in data:
        await delete_if_unneeded(db, objects, unneeded)


def _new_files(document: DocumentPage, data: dict[str, bytes]) -> documents.TurnedFiles:
    other, original = document.other_object, document.rewritten_from
    return documents.TurnedFiles(
        input_object=_key(data[document.input_object]),
        input_bytes=len(data[document.input_object]),
        other_object=_key(data[other]) if other else None,
        other_bytes=len(data[other]) if other else None,
        rewritten_from=_key(data[original]) if original else None,
    )


def _key(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
