"""Makes the PDF of photos again, after a person turned, straightened, added or removed some."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from meterai.jail.pool import JailPool
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.kit.files.object_store import ObjectStore
from meterai.ledger.model import SELLER
from meterai.pdf.profiles import Profile
from meterai.stamping import page_images
from meterai.stamping.output_limits import verdict_of
from meterai.stamping.photos import AlbumPage, MadeOfPhotos
from meterai.stamping.queries import DocumentPage, read_checked
from meterai.stamping.requests import PAGE_IMAGE_WIDTH_PX, OutputLimits, Reception, ReceptionRequest
from meterai.stamping.store import documents
from meterai.stamping.use_cases.accept_document import receive, with_photos
from meterai.stamping.use_cases.accept_photos import clean_photos, make_sheets
from meterai.stamping.use_cases.clean_up import delete_if_unneeded


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
    made_of = MadeOfPhotos(album=sheets.album, photos=sheets.photos)
    request = ReceptionRequest(
        data=sheets.data,
        stamps=len(document.placements),
        limits=document.limits or OutputLimits(),
        profile=document.profile,
    )
    found = await receive(jail, request, owner=str(document.document_id))
    await _store(db, objects, document, with_photos(found, made_of), made_of)


async def _store(
    db: Database, objects: ObjectStore, document: DocumentPage, found: Reception, made_of: MadeOfPhotos
) -> None:
    assert document.upload_object is not None
    row = _row(document, found, made_of)
    async with db.connection() as connection:
        stored = await documents.set_sheets(
            connection, row, was=document.input_object, album=document.upload_object
        )
    if not stored:
        raise Refusal(Kind.CONFLICT, "photo.changed")
    # After the row: see lock_object. Until then the pages can't be shown, for a moment.
    await objects.put_all({row.input_object: found.instead, str(row.upload_object): made_of.album})
    page_images.keep(
        row.input_object, len(found.inspection.pages), PAGE_IMAGE_WIDTH_PX, found.page_image.jpeg
    )
    for unneeded in {document.input_object, document.upload_object} - set(row.objects):
        await delete_if_unneeded(db, objects, unneeded)


def _row(document: DocumentPage, found: Reception, made_of: MadeOfPhotos) -> documents.NewDocument:
    limits = document.limits
    return documents.NewDocument(
        id=document.document_id,
        organisation_id=SELLER,
        customer_id=document.customer_id,
        name=document.name,
        kind=document.kind,
        input_object=hashlib.sha256(found.instead).hexdigest(),
        input_bytes=len(found.instead),
        profile=document.profile,
        inspection=found.inspection,
        placements=found.placements,
        output=verdict_of(found.output, limits, rewritable=document.profile is not Profile.SIGNED),
        output_bytes_max=limits.bytes_max if limits else None,
        pdf_version_min=limits.pdf_version_min if limits else None,
        created_at=document.created_at,
        retained_until=document.retained_until,
        normalised=True,
        upload_object=hashlib.sha256(made_of.album).hexdigest(),
        upload_bytes=len(made_of.album),
        differences=found.differences,
        photos=made_of.photos,
    )
