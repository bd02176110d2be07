"""Files of bundles: named in a manifest, uploaded side by side, each at once or in pieces."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any, cast
from uuid import UUID

import msgspec
from litestar import Request, Response, get, patch, put
from litestar.params import Parameter
from msgspec import Meta

from meterai.api.access.caller import Caller
from meterai.api.conventions.ids import BundleId, DocumentId, FileId, Prefix, id_of, unknown_id, write_id
from meterai.api.conventions.operations import operation
from meterai.api.conventions.paging import PAGE, Cursor, Limit, Page, page_of, read_cursor
from meterai.api.dependencies import Service
from meterai.api.resources.bundles import PATH, counts_of
from meterai.bootstrap import App, vouch_of
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection
from meterai.kit.files.zip_archive import safe_path
from meterai.kit.http.body_budget import PROCESS_BUDGET, arriving
from meterai.partners.queries.standing import standing_of
from meterai.partners.stamps.facts import StampFacts, check_facts
from meterai.partners.stamps.ordering import note_file_facts
from meterai.pdf.limits import DEFAULT_LIMITS
from meterai.stamping.bundles.model import PATH_CHARACTERS_MAX, BundleFile, Outcome
from meterai.stamping.bundles.queries import files_after, find_file
from meterai.stamping.use_cases.name_in_bundle import name_in_bundle
from meterai.stamping.use_cases.upload_to_bundle import Piece, received_of_file, upload_to_bundle

_FILES = PATH + "/{bundle_id:str}/files"
_FILE_BYTES_MAX = DEFAULT_LIMITS.file_bytes_max
_MANIFEST_BYTES_MAX = 64 << 20
_LINE_BYTES_MAX = 4096
_LINES_AT_ONCE = 1000
_CLOSED = {"bundle.started": Kind.CONFLICT, "bundle.cancelled": Kind.CONFLICT}
_UPLOADS = {
    **_CLOSED,
    "bundle.offset": Kind.CONFLICT,
    "bundle.other_content": Kind.INVALID,
    "api.body_cut": Kind.MALFORMED,
    "api.body_too_large": Kind.TOO_LARGE,
    "form.busy": Kind.BUSY,
    "form.unreadable": Kind.INVALID,
    "jail.busy": Kind.BUSY,
    "jail.unavailable": Kind.UNAVAILABLE,
    "upload.disk_full": Kind.UNAVAILABLE,
}


class NamedFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of a manifest."""

    path: Annotated[str, Meta(min_length=5, max_length=PATH_CHARACTERS_MAX)]
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    bytes: Annotated[int, Meta(ge=1, le=_FILE_BYTES_MAX)]
    facts: StampFacts | None = None
    """What is known of the document. A collector says all of it. A line that is sent again replaces it."""


class ManifestTaken(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a manifest."""

    files: int
    """How many lines it has."""
    new: int
    """How many of the files were not named before."""


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a bundle."""

    id: FileId
    path: str
    sha256: str
    bytes: int
    state: Outcome
    problem: str | None
    """Code of why it is not stamped, or of what ended the last attempt."""
    document: DocumentId | None
    serial: str | None
    stamped_sha256: str | None


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """How far the upload of a file is."""

    file: File
    received: int
    """How many bytes we have. The next piece begins there."""


@put(
    PATH + "/{bundle_id:str}/manifest",
    opt=operation(
        scope="bundles:write",
        streams=True,
        body=("application/x-ndjson",),
        body_bytes_max=_MANIFEST_BYTES_MAX,
        refuses={
            **_CLOSED,
            "bundle.manifest_line": Kind.INVALID,
            "bundle.too_many_files": Kind.INVALID,
            "api.body_cut": Kind.MALFORMED,
            "api.body_too_large": Kind.TOO_LARGE,
        },
    ),
)
async def take_manifest(
    request: Request[Any, Any, Any], bundle_id: BundleId, caller: Caller, service: Service
) -> ManifestTaken:
    """Names files, one JSON object a line, read while it arrives. Sending lines again is harmless."""
    found = await counts_of(service, caller, bundle_id)
    async with service.db.connection() as connection:
        standing = await standing_of(connection, caller.organisation_id)
    files = new = 0
    async for some in _batches(request, needs_facts=standing.is_collector):
        new += await _name(service, caller, found.id, some)
        files += len(some)
    return ManifestTaken(files=files, new=new)


@get(_FILES, opt=operation(scope="bundles:read"))
async def list_bundle_files(
    request: Request[Any, Any, Any],
    bundle_id: BundleId,
    caller: Caller,
    service: Service,
    limit: Limit = PAGE,
    cursor: Cursor = "",
) -> Response[Page[File]]:
    """Lists the files of a bundle by path."""
    found = await counts_of(service, caller, bundle_id)
    rows = await files_after(service.db, found.id, after=read_cursor(cursor, UUID), limit=limit + 1)
    return page_of(request, rows, limit=limit, show=file_shown, place=lambda row: row.id)


@get(_FILES + "/{file_id:str}", opt=operation(scope="bundles:read"))
async def read_bundle_file(bundle_id: BundleId, file_id: FileId, caller: Caller, service: Service) -> Upload:
    """Says how far the upload of a file is, and what came of it."""
    found = await counts_of(service, caller, bundle_id)
    return await _upload(service, found.id, id_of(Prefix.FILE, file_id))


@put(
    _FILES + "/{file_id:str}/content",
    opt=operation(
        scope="bundles:write",
        streams=True,
        body=("application/pdf",),
        body_bytes_max=_FILE_BYTES_MAX,
        refuses=_UPLOADS,
    ),
)
async def upload_file(
    request: Request[Any, Any, Any], bundle_id: BundleId, file_id: FileId, caller: Caller, service: Service
) -> Upload:
    """Uploads a file from its beginning. It is checked at once. What came before a break is kept."""
    return await _take(request, service, caller, bundle_id, file_id, offset=0)


@patch(
    _FILES + "/{file_id:str}/content",
    opt=operation(
        scope="bundles:write",
        streams=True,
        body=("application/partial-upload",),
        body_bytes_max=_FILE_BYTES_MAX,
        refuses=_UPLOADS,
    ),
)
async def continue_upload(
    request: Request[Any, Any, Any],
    bundle_id: BundleId,
    file_id: FileId,
    caller: Caller,
    service: Service,
    upload_offset: Annotated[int, Meta(ge=0, le=_FILE_BYTES_MAX), Parameter(header="Upload-Offset")],
) -> Upload:
    """Goes on with an upload that broke off, from the byte `received`."""
    return await _take(request, service, caller, bundle_id, file_id, offset=upload_offset)


def file_shown(file: BundleFile) -> File:
    """A file as partners see it."""
    return File(
        id=write_id(Prefix.FILE, file.id),
        path=file.path,
        sha256=file.sha256,
        bytes=file.bytes,
        state=file.outcome,
        problem=file.code if file.outcome is not Outcome.STAMPED else None,
        document=write_id(Prefix.DOCUMENT, file.document_id) if file.document_id else None,
        serial=file.serial,
        stamped_sha256=file.stamped_sha256,
    )


async def _upload(service: App, bundle_id: UUID, file_id: UUID) -> Upload:
    file = await find_file(service.db, bundle_id, file_id)
    if file is None:
        raise unknown_id()
    is_open = file.outcome is Outcome.EXPECTED
    received = await received_of_file(service.db, file_id) if is_open else file.bytes
    return Upload(file=file_shown(file), received=received)


async def _take(
    request: Request[Any, Any, Any],
    service: App,
    caller: Caller,
    bundle_id: str,
    file_id: str,
    *,
    offset: int,
) -> Upload:
    bundle, file = id_of(Prefix.BUNDLE, bundle_id), id_of(Prefix.FILE, file_id)
    service.upload_room.reserve.refuse_uploads(_FILE_BYTES_MAX)
    content, is_cut = await _arrived(request)
    try:
        await upload_to_bundle(
            service.db,
            service.jail,
            service.objects,
            vouch_of(service),
            bundle_id=bundle,
            customer_id=caller.account_holder,
            file_id=file,
            piece=Piece(offset, content),
            now=service.clock(),
        )
    except Refusal as refusal:
        if refusal.code in ("bundle.unknown", "bundle.file_unknown"):
            raise unknown_id() from None
        raise
    if is_cut:
        raise Refusal(Kind.MALFORMED, "api.body_cut")
    return await _upload(service, bundle, file)


async def _arrived(request: Request[Any, Any, Any]) -> tuple[bytes, bool]:
    """The content, and whether it was cut off. Raises: api.body_too_large; as `arriving`."""
    kept, more, is_cut = bytearray(), True, False
    async with arriving(PROCESS_BUDGET, kept.clear) as one:
        while more and not is_cut:
            message = cast("dict[str, Any]", await request.receive())
            is_cut = message["type"] == "http.disconnect"
            chunk = message.get("body", b"")
            more = message.get("more_body", False)
            one.note_received(len(chunk))
            if not one.is_dropped:
                kept += chunk
                one.keep(len(chunk))
            if len(kept) > _FILE_BYTES_MAX:
                raise Refusal(Kind.TOO_LARGE, "api.body_too_large", maximum=_FILE_BYTES_MAX)
    return bytes(kept), is_cut


async def _name(service: App, caller: Caller, bundle_id: UUID, files: Sequence[NamedFile]) -> int:
    """Names files, and keeps what is known of them. Returns how many are new."""

    async def note_facts(tx: Connection, ids: Sequence[UUID]) -> None:
        known = [(id, file.facts) for id, file in zip(ids, files, strict=True)]
        await note_file_facts(tx, caller.organisation_id, known)

    return await name_in_bundle(
        service.db,
        bundle_id=bundle_id,
        customer_id=caller.account_holder,
        files=[(file.path, file.sha256, file.bytes) for file in files],
        after=note_facts,
    )


async def _batches(request: Request[Any, Any, Any], *, needs_facts: bool) -> AsyncIterator[list[NamedFile]]:
    """Reads the lines of a manifest, some at a time. `needs_facts`: each line must have facts."""
    some: list[NamedFile] = []
    number = 0
    async for line in _lines(request):
        number += 1
        if line.strip():
            some.append(_named(line, number, needs_facts=needs_facts))
        if len(some) == _LINES_AT_ONCE:
            yield some
            some = []
    if some:
        yield some


async def _lines(request: Request[Any, Any, Any]) -> AsyncIterator[bytes]:
    rest, seen, more = b"", 0, True
    while more:
        message = cast("dict[str, Any]", await request.receive())
        if message["type"] == "http.disconnect":
            raise Refusal(Kind.MALFORMED, "api.body_cut")
        chunk, more = message.get("body", b""), message.get("more_body", False)
        seen += len(chunk)
        *lines, rest = (rest + chunk).split(b"\n")
        if seen > _MANIFEST_BYTES_MAX or len(rest) > _LINE_BYTES_MAX:
            raise Refusal(Kind.TOO_LARGE, "api.body_too_large", maximum=_MANIFEST_BYTES_MAX)
        for line in lines:
            yield line
    yield rest


def _named(line: bytes, number: int, *, needs_facts: bool) -> NamedFile:
    try:
        file = msgspec.json.decode(line, type=NamedFile)
        path = safe_path(file.path)
        check_facts(file.facts, needed=needs_facts)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refusal(Kind.INVALID, "bundle.manifest_line", line=number, why=str(error)) from error
    except Refusal as refusal:
        raise Refusal(Kind.INVALID, "bundle.manifest_line", line=number, why=_why(refusal)) from refusal
    if not path.casefold().endswith(".pdf"):
        raise Refusal(Kind.INVALID, "bundle.manifest_line", line=number, why="archive.not_pdf")
    return msgspec.structs.replace(file, path=path)


def _why(refusal: Refusal) -> str:
    """The code of a refusal, with the names of what is missing."""
    fields = refusal.facts.get("fields")
    return f"{refusal.code}: {fields}" if fields else refusal.code


ROUTES: list[Any] = [take_manifest, list_bundle_files, read_bundle_file, upload_file, continue_upload]
