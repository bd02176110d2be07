"""Makes the PDF of photos again, after a person turned, straightened, added or removed some."""

from __future__ import annotations

from collections.abc import Sequence

from meterai.jail.pool import JailPool
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.kit.files.object_store import ObjectStore, key_of
from meterai.pdf.profiles import Profile
from meterai.stamping.output_limits import verdict_of
from meterai.stamping.photos import AlbumPage, Sheets
from meterai.stamping.queries import DocumentPage, read_checked
from meterai.stamping.requests import OutputLimits, Reception, ReceptionRequest
from meterai.stamping.store import documents
from meterai.stamping.use_cases.accept_document import keep_image, receive, with_photos
from meterai.stamping.use_cases.clean_up import delete_if_unneeded
from meterai.stamping.use_cases.make_sheets import clean_photos, make_sheets


async def change_photos(
    db: Database,
    jail: JailPool,
    objects: ObjectStore,
    document: DocumentPage,
    pages: Sequence[AlbumPage],
    pictures: Sequence[bytes] = (),
) -> None:
    """Replaces the PDF. `pages`: the photos that it has now, behind them those that `pictures` add.

    Raises: Refusal CONFLICT `photo.changed` when the document was confirmed or changed meanwhile; as
    `clean_photos` and `make_sheets`; UNAVAILABLE `object.missing`, `object.damaged`; BUSY `jail.busy`.
    """
    if document.upload_object is None or not document.photos:
        raise Refusal(Kind.CONFLICT, "photo.changed")
    added = await clean_photos(jail, pictures)
    album = await read_checked(objects, document.upload_object)
    sheets = await make_sheets(jail, album, added, list(pages), document.limits)
    request = ReceptionRequest(
        data=sheets.data,
        stamps=len(document.placements),
        limits=document.limits or OutputLimits(),
        profile=document.profile,
    )
    found = await receive(jail, request, owner=str(document.document_id))
    await _store(db, objects, document, with_photos(found, sheets), sheets)


async def _store(
    db: Database, objects: ObjectStore, document: DocumentPage, found: Reception, sheets: Sheets
) -> None:
    assert document.upload_object is not None
    new = _new_sheets(document, found, sheets)
    async with db.connection() as connection:
        stored = await documents.set_sheets(
            connection, document.document_id, new, was=document.input_object, album=document.upload_object
        )
    if not stored:
        raise Refusal(Kind.CONFLICT, "photo.changed")
    # After the row: see lock_object. Until then the pages can't be shown, for a moment.
    await objects.put_all({new.input_object: found.instead, new.upload_object: sheets.album})
    keep_image(new.input_object, found)
    for unneeded in {document.input_object, document.upload_object} - set(new.objects):
        await delete_if_unneeded(db, objects, unneeded)


def _new_sheets(document: DocumentPage, found: Reception, sheets: Sheets) -> documents.NewSheets:
    rewritable = document.profile is not Profile.SIGNED
    return documents.NewSheets(
        input_object=key_of(found.instead),
        input_bytes=len(found.instead),
        inspection=found.inspection,
        placements=found.placements,
        output=verdict_of(found.output, document.limits, rewritable=rewritable),
        upload_object=key_of(sheets.album),
        upload_bytes=len(sheets.album),
        differences=found.differences,
        photos=sheets.photos,
    )
