"""Gives an uploaded document to stamping, with the limits of its event."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from meterai.bootstrap import vouch_of
from meterai.jail.queueing.callers import current_caller
from meterai.kernel.refusals import Kind, Refusal
from meterai.ledger.model import SELLER
from meterai.pdf.picture_kinds import is_picture
from meterai.pdf.profiles import Profile
from meterai.sales.events import Event
from meterai.stamping.queries import DocumentPage
from meterai.stamping.requests import OutputLimits
from meterai.stamping.upload_room import UploadRoom
from meterai.stamping.use_cases.accept_document import AcceptedDocument, accept_document
from meterai.stamping.use_cases.make_sheets import make_first_sheets
from meterai.web.requests.forms import Form, Upload
from meterai.web.requests.request_context import RequestContext


def limits_of(event: Event) -> OutputLimits:
    """What the event's agency accepts of the stamped file."""
    return OutputLimits(bytes_max=event.output_bytes_max, pdf_version_min=event.pdf_version_min)


def documents_in(uploads: Sequence[Upload]) -> list[list[Upload]]:
    """The uploads of each document: photos that were chosen together are one, every other file is its own."""
    photos = [upload for upload in uploads if is_picture(upload.content)]
    found = list[list[Upload]]()
    for upload in uploads:
        if not is_picture(upload.content):
            found.append([upload])
        elif upload is photos[0]:
            found.append(photos)
    return found


async def accept_one(
    context: RequestContext,
    uploads: Sequence[Upload],
    *,
    event: Event | None,
    kind: str | None,
    owner: UUID | None,
    stamps: int = 1,
    profile: Profile = Profile.FINAL,
    password: str = "",
    organisation_id: UUID = SELLER,
) -> AcceptedDocument:
    """Inspects and stores one document, with proposed places for `stamps` stamps.

    - `uploads`: one file, or the photos that the document is made of.
    - `profile`: the wish for a file without signatures.
    - `organisation_id`: the organisation to which it belongs.
    - `password`: opens a locked PDF. It goes no further than the jail.

    Raises: Refusal `pdf.*` or `photo.*` with the reason, before anything is stored; as `UploadRoom.take`.
    """
    if any(upload.too_large for upload in uploads):
        raise Refusal(Kind.INVALID, "pdf.too_large")
    service, first = context.service, uploads[0]
    files = list[bytes]()
    for upload in uploads:
        files.append(bytes(upload.content))
        upload.content = bytearray()  # once is enough, while it waits for the jail
    network = _network_mac(service.secret)
    limits = limits_of(event) if event else None
    async with _room(service.upload_room, owner, network, sum(map(len, files))):
        sheets = await make_first_sheets(service.jail, files, limits) if is_picture(files[0]) else None
        return await accept_document(
            service.db,
            service.jail,
            service.objects,
            vouch_of(service),
            data=sheets.data if sheets else files[0],
            name=_name_of_sheets(first.name) if sheets else first.name,
            kind=kind,
            stamps=stamps,
            profile=profile,
            password=password,
            limits=limits,
            customer_id=owner,
            network=network,
            now=service.clock(),
            sheets=sheets,
            organisation_id=organisation_id,
        )


def _name_of_sheets(photo: str) -> str:
    return file_name(re.sub(r"\.(jpe?g|png)$", "", photo, flags=re.I))


@asynccontextmanager
async def _room(room: UploadRoom, owner: UUID | None, network: bytes, size: int) -> AsyncIterator[None]:
    """Context that stores a file. Raises: as `UploadRoom.take`; for a customer only about the disk."""
    if owner is None:
        async with room.take(network, size):
            yield
    else:
        room.reserve.refuse_uploads(size)
        yield


def _network_mac(secret: bytes) -> bytes:
    """The keyed hash of the sender's network, or of the pass that the sender has."""
    caller = current_caller()
    return hmac.digest(secret, b"upload\x00" + (caller.line if caller else "").encode(), hashlib.sha256)


async def accept_upload(
    context: RequestContext,
    form: Form,
    *,
    event: Event | None,
    kind: str | None,
    owner: UUID | None,
    stamps: int = 1,
    profile: Profile = Profile.FINAL,
    organisation_id: UUID = SELLER,
) -> AcceptedDocument:
    """Does the same for the field `berkas` of a form that takes one document."""
    found = documents_in(form.uploads("berkas"))
    if not found:
        raise Refusal(Kind.INVALID, "form.no_file")
    if len(found) > 1:
        raise Refusal(Kind.INVALID, "form.one_document")
    return await accept_one(
        context,
        found[0],
        event=event,
        kind=kind,
        owner=owner,
        stamps=stamps,
        profile=profile,
        password=password_of(form),
        organisation_id=organisation_id,
    )


def refuse_unfit(document: DocumentPage) -> None:
    """Refuses a file that can't be stamped without a further question.

    Raises: Refusal INVALID `pdf.output_too_large`, `pdf.version_too_low`, `pdf.signed_output_unfit`, all
    three because of the agency, and `pdf.to_compare`.
    """
    output, limits = document.output, document.limits
    if not document.compared:
        raise Refusal(Kind.INVALID, "pdf.to_compare", page=document.differences[0].page)
    if output.ok or limits is None:
        return
    if document.profile is Profile.SIGNED:
        raise Refusal(Kind.INVALID, "pdf.signed_output_unfit")
    if output.too_large:
        sizes = {"output_bytes": output.output_bytes, "output_bytes_max": limits.bytes_max}
        raise Refusal(Kind.INVALID, "pdf.output_too_large", **sizes)
    raise Refusal(Kind.INVALID, "pdf.version_too_low", version_min=limits.pdf_version_min)


def password_of(form: Form) -> str:
    """The password typed for locked PDFs, with any blanks that belong to it."""
    return form.fields.get("sandi", "")


def file_name(name: str) -> str:
    """Makes a name for a download that every system accepts."""
    stem = re.sub(r"\.pdf$", "", name, flags=re.I)
    letters = re.sub(r"[\u0300-\u036f]", "", unicodedata.normalize("NFKD", stem))
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", letters).strip("-.") or "dokumen"
    return f"{plain[:80]}.pdf"
