"""Files of the cloud: uploads, and the stamped files, under names as they have in a shared folder."""

from __future__ import annotations

import re
from typing import Any, Final
from uuid import UUID

from meterai.api.resources.documents import accept, pdf_answer
from meterai.api.resources.sandbox import now_of
from meterai.api.wire.addresses import base_of
from meterai.api.wire.answers import done, json_answer, refused
from meterai.api.wire.endpoints import Answered, Style, WireRequest, endpoint
from meterai.bootstrap import App
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.form_reader import Upload
from meterai.kit.http.status import http_status
from meterai.partners.stamps.ordering import note_upload
from meterai.pdf.limits import DEFAULT_LIMITS
from meterai.stamping.owned import OwnedDocument, owned_document
from meterai.stamping.queries import read_checked, released_file

_FIELD: Final = "file"
_NAME: Final = re.compile(r"(doc|final)_([0-9a-f]{32})\.pdf", re.IGNORECASE)


@endpoint("fileupload", "POST", "/uploaddoc2", scope="documents:write")
async def upload_document(asked: WireRequest) -> dict[str, Any]:
    """Stores a PDF. It is checked as every upload of the API is. That uses no stamp."""
    upload = _upload(asked)
    document = await accept(
        asked.service, asked.caller, bytes(upload.content), name=upload.name or "dokumen.pdf", profile="final"
    )
    await note_upload(
        asked.service.db,
        asked.caller.organisation_id,
        document_id=document.document_id,
        sha256=document.uploaded,
    )
    return done(id=document.document_id.hex, name=document.name)


def _upload(asked: WireRequest) -> Upload:
    """The file of the form. Raises: Refusal INVALID `wire.field_missing`, `pdf.too_large`."""
    found = next((one for one in asked.said.uploads if one.content or one.too_large), None)
    if found is None:
        raise Refusal(Kind.INVALID, "wire.field_missing", field=_FIELD)
    if found.too_large:
        raise Refusal(Kind.INVALID, "pdf.too_large", bytes_max=DEFAULT_LIMITS.file_bytes_max)
    return found


@endpoint("fileupload", "GET", "/getfile3/{name}", scope="stamps:read")
async def read_file(asked: WireRequest) -> Answered:
    """Answers with a file: `final_ID.pdf` is the stamped one, `doc_ID.pdf` the uploaded one.

    Clients store what they get as a PDF, so a refusal has its own status here.
    """
    try:
        return pdf_answer(await _file(asked))
    except Refusal as refusal:
        return json_answer(refused(refusal, Style.BUSINESS), status=http_status(refusal))


async def _file(asked: WireRequest) -> bytes:
    kind, id = read_name(asked.names["name"])
    document = await document_of(asked, id)
    if document is None:
        raise Refusal(Kind.NOT_FOUND, "wire.document_unknown", field="name")
    service = asked.service
    if kind == "final":
        return (await released_file(service.db, service.objects, document.id)).data
    if document.is_deleted or document.retained_until <= await now_of(service, asked.caller):
        raise Refusal(Kind.GONE, "document.input_deleted")
    return await read_checked(service.objects, document.sha256)


def read_name(name: str) -> tuple[str, UUID | None]:
    """What a name in the shared folder says: "doc" or "final", and the id. Folders before it do not count.

    None: it is no such name.
    """
    found = _NAME.fullmatch(name.replace("\\", "/").rpartition("/")[2].strip())
    return (found[1].lower(), UUID(found[2])) if found else ("", None)


async def document_of(asked: WireRequest, id: UUID | None) -> OwnedDocument | None:
    """The document, if it is the organisation's (I16)."""
    if id is None:
        return None
    return await owned_document(asked.service.db, id, asked.caller.account_holder)


def file_url(service: App, id: UUID) -> str:
    """Where the stamped file is fetched."""
    return f"{base_of(service, 'fileupload')}/getfile3/final_{id.hex}.pdf"


ENDPOINTS = (upload_document, read_file)
