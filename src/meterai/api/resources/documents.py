"""Documents: PDFs of an organisation that wait for stamps, or have them."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import Parameter
from msgspec import Meta

from meterai.api.access.caller import Caller
from meterai.api.conventions.ids import DocumentId, Prefix, StampId, id_of, unknown_id, write_id
from meterai.api.conventions.operations import operation
from meterai.api.conventions.paging import PAGE, Cursor, Limit, Page, page_of, read_cursor
from meterai.api.dependencies import Service
from meterai.api.resources.sandbox import now_of
from meterai.bootstrap import App, vouch_of
from meterai.jail.queueing.callers import recognise
from meterai.kernel.one_line import ONE_LINE
from meterai.kernel.refusals import Kind, Refusal
from meterai.partners.stamps.ordering import note_upload
from meterai.partners.stamps.queries import digests_of_uploads, documents_with_digest
from meterai.pdf.limits import DEFAULT_LIMITS
from meterai.pdf.profiles import Profile
from meterai.stamping.owned import OwnedDocument, owned_document, owned_documents
from meterai.stamping.placement import Placement
from meterai.stamping.queries import read_checked
from meterai.stamping.use_cases.accept_document import AcceptedDocument, accept_document
from meterai.stamping.wanted_places import WantedPlace

PDF = "application/pdf"
FILE_BYTES_MAX = DEFAULT_LIMITS.file_bytes_max
_IN_FILES = """
    ambiguous broken certified empty encrypted encryption_unknown no_pages not_pdf not_static page_size signed
    signed_broken signed_damaged signed_encrypted signed_irregular signed_locked signed_page_size
    signed_too_heavy signed_too_large signed_too_many signed_xfa stamp_not_genuine stamped_already to_compare
    too_complex too_heavy too_large too_many_pages wrong_password xfa_dynamic
"""
FILE_REFUSALS = {
    **{f"pdf.{code}": Kind.INVALID for code in _IN_FILES.split()},
    "placement.no_free_place": Kind.INVALID,
    "jail.killed": Kind.INVALID,
    "jail.busy": Kind.BUSY,
    "jail.budget_spent": Kind.BUSY,
    "jail.unavailable": Kind.UNAVAILABLE,
    "upload.disk_full": Kind.UNAVAILABLE,
}
"""What may be wrong with a file, or keep it from being read now."""
READING = {"object.missing": Kind.UNAVAILABLE, "object.damaged": Kind.UNAVAILABLE}
type Later = Literal["final", "sign_later"]

FileName = Annotated[
    str, Meta(min_length=1, max_length=200, pattern=ONE_LINE, description="The file's name.")
]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A square on a page, in points of the visible page. `x`, `y`: its lower left corner."""

    page: int
    x: float
    y: float
    size: float


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A document as it is stored."""

    id: DocumentId
    name: str
    sha256: str
    """SHA-256 of the bytes to which the stamps are added."""
    uploaded_sha256: str | None
    """SHA-256 of the file as it was uploaded, if it was uploaded by the API."""
    bytes: int
    pages: int
    profile: Literal["final", "sign_later", "signed"]
    """What may follow the stamps. `signed`: the file carries signatures already."""
    notices: list[str]
    """What was found in the file, such as `pdf.notice.stamped_already`."""
    places: list[Place]
    """Where the stamps go: as ordered, otherwise as proposed."""
    stamp_id: StampId | None
    """Its newest stamp."""
    is_deleted: bool
    """Whether the unstamped file is deleted. The stamped one is kept longer."""
    kept_until: datetime
    created_at: datetime


@post(
    "/api/v1/documents",
    opt=operation(
        scope="documents:write",
        body=(PDF,),
        body_bytes_max=FILE_BYTES_MAX,
        refuses={**FILE_REFUSALS, "document.digest_differs": Kind.INVALID},
    ),
    status_code=201,
)
async def upload_document(
    request: Request[Any, Any, Any],
    caller: Caller,
    service: Service,
    name: FileName = "dokumen.pdf",
    profile: Later = "final",
    content_digest: Annotated[str, Parameter(header="Content-Digest", required=False)] = "",
) -> Response[Document]:
    """Stores a PDF. It is checked, and places for a stamp are proposed. That uses no stamp.

    The body is the PDF itself. With `Content-Digest: sha-256=:...:` (RFC 9530) it is stored only if it
    arrived whole. An unstamped document is deleted after some weeks.
    """
    data = await request.body()
    _check_digest(data, content_digest)
    accepted = await accept(service, caller, data, name=name, profile=profile)
    await note_upload(
        service.db, caller.organisation_id, document_id=accepted.document_id, sha256=accepted.uploaded
    )
    stored = await _own(service, caller, write_id(Prefix.DOCUMENT, accepted.document_id))
    shown = _shown(stored, accepted.uploaded)
    return Response(shown, headers={"Location": f"{service.public_url}/api/v1/documents/{shown.id}"})


async def accept(
    service: App,
    caller: Caller,
    data: bytes,
    *,
    name: str,
    profile: str,
    wanted: list[WantedPlace] | None = None,
) -> AcceptedDocument:
    """Checks and stores a file of the caller's organisation. No person is there to compare pages.

    Raises: as `accept_document` and `DiskReserve.refuse_uploads`.
    """
    recognise(f"organisation {caller.organisation_id}")
    service.upload_room.reserve.refuse_uploads(len(data))
    return await accept_document(
        service.db,
        service.jail,
        service.objects,
        vouch_of(service),
        data=data,
        name=name,
        kind=None,
        limits=None,
        customer_id=caller.account_holder,
        organisation_id=caller.organisation_id,
        now=service.clock(),
        stamps=len(wanted) if wanted else 1,
        profile=Profile(profile),
        asks=False,
        wanted=wanted or (),
    )


@get("/api/v1/documents", opt=operation(scope="documents:read"))
async def list_documents(
    request: Request[Any, Any, Any],
    caller: Caller,
    service: Service,
    limit: Limit = PAGE,
    cursor: Cursor = "",
    sha256: Sha256 | None = None,
) -> Response[Page[Document]]:
    """Lists the organisation's documents, the newest first. `sha256`: of the uploaded file."""
    only = None if sha256 is None else await documents_with_digest(service.db, caller.organisation_id, sha256)
    rows = await owned_documents(
        service.db,
        caller.account_holder,
        behind=read_cursor(cursor, tuple[datetime, UUID]),
        only=only,
        limit=limit + 1,
    )
    digests = await digests_of_uploads(service.db, [row.id for row in rows])
    return page_of(
        request,
        rows,
        limit=limit,
        show=lambda row: _shown(row, digests.get(row.id)),
        place=lambda row: (row.created_at, row.id),
    )


@get("/api/v1/documents/{document_id:str}", opt=operation(scope="documents:read"))
async def read_document(caller: Caller, service: Service, document_id: DocumentId) -> Document:
    """Answers with a document."""
    document = await _own(service, caller, document_id)
    digests = await digests_of_uploads(service.db, [document.id])
    return _shown(document, digests.get(document.id))


@get(
    "/api/v1/documents/{document_id:str}/file",
    opt=operation(
        scope="documents:read", answers={200: PDF}, refuses={"document.input_deleted": Kind.GONE, **READING}
    ),
)
async def read_document_file(caller: Caller, service: Service, document_id: DocumentId) -> Response[bytes]:
    """Answers with the file to which the stamps are added."""
    document = await _own(service, caller, document_id)
    if document.is_deleted or document.retained_until <= await now_of(service, caller):
        raise Refusal(Kind.GONE, "document.input_deleted")
    return pdf_answer(await read_checked(service.objects, document.sha256))


def pdf_answer(data: bytes) -> Response[bytes]:
    """Answers with a PDF and its digest (RFC 9530)."""
    return Response(data, media_type=PDF, headers={"Content-Digest": f"sha-256=:{_digest(data)}:"})


def shown_place(placement: Placement) -> Place:
    """A place as the API shows it."""
    return Place(page=placement.page, x=placement.x, y=placement.y, size=placement.size)


def _check_digest(data: bytes, told: str) -> None:
    """Compares the body with what its sender says of it (RFC 9530). Other algorithms are not looked at.

    Raises: Refusal INVALID `document.digest_differs`.
    """
    for one in told.split(","):
        name, _, value = one.strip().partition("=")
        if name == "sha-256" and value.strip(":") != _digest(data):
            raise Refusal(Kind.INVALID, "document.digest_differs")


def _digest(data: bytes) -> str:
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


async def _own(service: App, caller: Caller, document_id: str) -> OwnedDocument:
    """The document, if it is the organisation's."""
    found = await owned_document(service.db, id_of(Prefix.DOCUMENT, document_id), caller.account_holder)
    if found is None:
        raise unknown_id()
    return found


def _shown(document: OwnedDocument, uploaded: str | None) -> Document:
    return Document(
        id=write_id(Prefix.DOCUMENT, document.id),
        name=document.name,
        sha256=document.sha256,
        uploaded_sha256=uploaded,
        bytes=document.bytes,
        pages=document.pages,
        profile=document.profile,  # type: ignore[arg-type]
        notices=list(document.notices),
        places=[shown_place(placement) for placement in document.placements],
        stamp_id=write_id(Prefix.STAMP, document.job_id) if document.job_id else None,
        is_deleted=document.is_deleted,
        kept_until=document.retained_until,
        created_at=document.created_at,
    )


ROUTES = [upload_document, list_documents, read_document, read_document_file]
