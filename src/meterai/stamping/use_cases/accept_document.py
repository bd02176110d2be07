"""Accepts an uploaded document after checking it in the jail. Nothing is stored before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import structlog

from meterai.jail.pool import JailPool
from meterai.kernel.ids import new_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.kit.files.object_store import ObjectStore, key_of
from meterai.kit.formats.display import own_name
from meterai.ledger.model import SELLER
from meterai.pdf.limits import DEFAULT_LIMITS
from meterai.pdf.profiles import CHOICES, Profile
from meterai.pdf.signed_refusals import for_signed_file
from meterai.stamping import page_images
from meterai.stamping.model import STAMPS_MAX
from meterai.stamping.output_limits import verdict_of
from meterai.stamping.photos import Sheets
from meterai.stamping.ports import Vouch
from meterai.stamping.queries import DocumentPage, remember_name
from meterai.stamping.requests import (
    PAGE_IMAGE_WIDTH_PX,
    OutputLimits,
    PageDifference,
    Reception,
    ReceptionRequest,
)
from meterai.stamping.retention import RETENTION_DAYS, UNPROVEN_LIFE
from meterai.stamping.store import documents
from meterai.stamping.use_cases.place_stamps import check_placements
from meterai.stamping.wanted_places import WantedPlace

log = structlog.get_logger(__name__)

_STAMPED = "pdf.notice.stamped_already"
_RECEIVE = "meterai.stamping.in_jail.reception:receive"


class AcceptedDocument(DocumentPage, frozen=True, kw_only=True):
    """A document that can be stamped, as `document_page` reads it, with proposed places.

    `place_stamps` moves the places.
    """

    uploaded: str
    """SHA-256 of the file as it was uploaded."""


async def accept_document(
    db: Database,
    jail: JailPool,
    objects: ObjectStore,
    vouch: Vouch,
    *,
    data: bytes,
    name: str,
    kind: str | None,
    limits: OutputLimits | None,
    customer_id: UUID | None,
    now: datetime,
    stamps: int = 1,
    profile: Profile = Profile.FINAL,
    password: str = "",
    network: bytes | None = None,
    together: str = "",
    asks: bool = True,
    sheets: Sheets | None = None,
    organisation_id: UUID = SELLER,
    wanted: Sequence[WantedPlace] = (),
) -> AcceptedDocument:
    """Inspects a file, proposes places for its stamps, measures the result, and stores it.

    - `limits`: what the event's agency accepts of the stamped file. A file over them is not refused; the
      answer says so, and what can be done.
    - `customer_id`: None until the contact is verified (`adopt_documents`). Until then the document is kept
      for an hour after its last use.
    - `network`: the keyed hash of the sender's address, by which unproven uploads are counted.
    - `profile`: the wanted one for a file without signatures; `place_stamps` can change it.
    - `password`: opens a file that needs one. It is neither stored nor logged; the unlocked file is stored.
    - What is stored of a file without signatures is the normalised file, to which only the stamps are added.
    - `together`: the bundle that the file comes with. One jail process may read all its files.
    - `asks`: whether a person can compare and confirm pages that look different. Else such a file is refused.
    - `sheets`: with the photos that `data` was made of. Where a person can, they must confirm its pages.
    - `vouch`: called for files that carry stamps already, and for no others.
    - `organisation_id`: the organisation to which the document belongs.
    - `wanted`: where the stamps go. Without it places for `stamps` stamps are proposed, and a person is
      shown one.

    Raises: Refusal INVALID `pdf.*` (see `pdf.inspection.inspect`), `pdf.to_compare`,
    `document.too_many_stamps`, `placement.*` (as `find_places` and `check_placements`); BUSY `jail.busy`;
    what `vouch` raises; OSError while the object store is away.
    """
    if len(data) > DEFAULT_LIMITS.file_bytes_max:
        raise Refusal(Kind.INVALID, "pdf.too_large", bytes_max=DEFAULT_LIMITS.file_bytes_max)
    if not 1 <= stamps <= STAMPS_MAX:
        raise Refusal(Kind.INVALID, "document.too_many_stamps", stamps_max=STAMPS_MAX)
    assert profile in CHOICES
    request = ReceptionRequest(
        data=data,
        stamps=stamps,
        limits=limits or OutputLimits(),
        profile=profile,
        password=password,
        wanted=list(wanted),
    )
    id = new_id(now)
    found = await receive(jail, request, owner=together or str(id))
    if wanted:
        check_placements(found.inspection, found.placements)
    if sheets is not None:
        found = with_photos(found, sheets) if asks else msgspec.structs.replace(found, before=sheets.album)
    if found.differences and not asks:
        raise Refusal(Kind.INVALID, "pdf.to_compare", page=found.differences[0].page)
    uploaded, data = key_of(data), found.instead or data
    key = key_of(data)
    other, upload = (key_of(kept) if kept else None for kept in (found.otherwise, found.before))
    inspection, placements = found.inspection, found.placements
    if _STAMPED in inspection.notices:
        await vouch(data, now)
    output = verdict_of(found.output, limits, rewritable=found.profile is not Profile.SIGNED)
    document = documents.NewDocument(
        id=id,
        organisation_id=organisation_id,
        customer_id=customer_id,
        name=_tidy(name),
        kind=kind,
        input_object=key,
        input_bytes=len(data),
        profile=found.profile,
        inspection=inspection,
        placements=placements,
        output=output,
        output_bytes_max=limits.bytes_max if limits else None,
        pdf_version_min=limits.pdf_version_min if limits else None,
        created_at=now,
        retained_until=now + (UNPROVEN_LIFE if customer_id is None else timedelta(days=RETENTION_DAYS)),
        network=network if customer_id is None else None,
        normalised=bool(found.instead),
        other_object=other,
        other_bytes=len(found.otherwise) or None,
        upload_object=upload,
        upload_bytes=len(found.before) or None,
        differences=found.differences,
        photos=sheets.photos if sheets else (),
    )
    async with db.connection() as connection:
        await documents.insert_document(connection, document)
    # After the row: see lock_object. Nobody knows the document's id yet.
    kept = {key: data, other: found.otherwise, upload: found.before}
    try:
        await objects.put_all({name: content for name, content in kept.items() if name})
    except OSError:
        async with db.connection() as connection:  # nobody stamps a document that has no file
            await documents.end_retention(connection, [id], now)
        raise
    keep_image(key, found)
    remember_name(document.id, document.name)
    return AcceptedDocument(
        document_id=document.id,
        customer_id=customer_id,
        name=document.name,
        kind=kind,
        input_object=key,
        bytes=len(data),
        profile=found.profile,
        inspection=inspection,
        placements=tuple(placements),
        output=output,
        limits=None if limits == OutputLimits() else limits,
        rewritten_from=None,
        created_at=now,
        retained_until=document.retained_until,
        job=None,
        releases=(),
        uploaded=uploaded,
        other_object=other,
        upload_object=upload,
        differences=tuple(found.differences),
        compared=not found.differences,
        photos=tuple(sheets.photos) if sheets else (),
    )


def keep_image(key: str, found: Reception) -> None:
    """Keeps the picture of the page that a person is shown next, if it was drawn."""
    if found.page_image is not None:
        page_images.keep(key, len(found.inspection.pages), PAGE_IMAGE_WIDTH_PX, found.page_image.jpeg)


def with_photos(found: Reception, sheets: Sheets) -> Reception:
    """What was found about a PDF that was made of photos: every page is to be looked at."""
    pages = [PageDifference(page=page, boxes=[]) for page in range(1, len(found.inspection.pages) + 1)]
    return msgspec.structs.replace(found, differences=pages, before=sheets.album)


async def receive(jail: JailPool, request: ReceptionRequest, *, owner: str) -> Reception:
    """Asks the jail, and logs the kinds of the exceptions that parsers raised on a signed file.

    Raises: Refusal, with the words for signed files where there are such.
    """
    try:
        found = await jail.run(_RECEIVE, request, Reception, owner=owner)
    except Refusal as refusal:
        told = for_signed_file(refusal, request.data)
        if told.code.startswith("pdf.signed_") and (
            kind := refusal.facts.get("why") or refusal.facts.get("detail")
        ):
            log.warning("pdf.signed_refused", code=told.code, kind=kind)
        raise told from None
    for kind in found.inspection.exceptions:
        log.warning("pdf.not_compared", kind=kind)
    return found


def _tidy(name: str) -> str:
    """The file's own name, without control characters."""
    printable = "".join(character for character in name if character.isprintable())
    return own_name(printable).strip() or "dokumen.pdf"
