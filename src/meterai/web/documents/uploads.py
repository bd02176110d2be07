"""Gives an uploaded document to stamping, with the limits of its event."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from meterai.bootstrap import vouch_of
from meterai.jail.queueing.callers import current_caller
from meterai.kernel.refusals import Kind, Refusal
from meterai.pdf.profiles import Profile
from meterai.sales.events import Event
from meterai.stamping.requests import OutputLimits
from meterai.stamping.upload_room import UploadRoom
from meterai.stamping.use_cases.accept_document import AcceptedDocument, accept_document
from meterai.web.requests.forms import Form, Upload
from meterai.web.requests.request_context import RequestContext


def limits_of(event: Event) -> OutputLimits:
    """What the event's agency accepts of the stamped file."""
    return OutputLimits(bytes_max=event.output_bytes_max, pdf_version_min=event.pdf_version_min)


async def accept_one(
    context: RequestContext,
    upload: Upload,
    *,
    event: Event | None,
    kind: str | None,
    owner: UUID | None,
    stamps: int = 1,
    profile: Profile = Profile.FINAL,
    password: str = "",
) -> AcceptedDocument:
    """Inspects and stores one document, with proposed places for `stamps` stamps.

    - `profile`: the wish for a file without signatures.
    - `password`: opens a locked PDF. It goes no further than the jail.

    Raises: Refusal `pdf.*` with the reason, before anything is stored; as `UploadRoom.take`.
    """
    if upload.too_large:
        raise Refusal(Kind.INVALID, "pdf.too_large")
    service = context.service
    data, upload.content = bytes(upload.content), bytearray()  # once is enough, while it waits for the jail
    network = _network_mac(service.secret)
    async with _room(service.upload_room, owner, network, len(data)):
        return await accept_document(
            service.db,
            service.jail,
            service.objects,
            vouch_of(service),
            data=data,
            name=upload.name,
            kind=kind,
            stamps=stamps,
            profile=profile,
            password=password,
            limits=limits_of(event) if event else None,
            customer_id=owner,
            network=network,
            now=service.clock(),
        )


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
) -> AcceptedDocument:
    """Does the same for the field `berkas` of a form that takes one file."""
    uploads = form.uploads("berkas")
    if not uploads:
        raise Refusal(Kind.INVALID, "form.no_file")
    return await accept_one(
        context,
        uploads[0],
        event=event,
        kind=kind,
        owner=owner,
        stamps=stamps,
        profile=profile,
        password=password_of(form),
    )


def refuse_unfit(document: AcceptedDocument) -> None:
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
