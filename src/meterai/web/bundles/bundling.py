"""Bundles: taking uploads, what the page shows, what people download."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from meterai.bootstrap import vouch_of
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.files.zip_archive import (
    ZipLimits,
    safe_path,
    shown_path,
)
from meterai.kit.formats.csv_export import csv_row, csv_table
from meterai.kit.http.body_budget import BodyBudget
from meterai.pdf.limits import DEFAULT_LIMITS
from meterai.stamping.bundles.given_files import GivenFile, from_zip, refused_file
from meterai.stamping.bundles.model import LEFT_OUT, BundleFile, BundleRoom, Outcome
from meterai.stamping.use_cases.fill_bundle import fill_bundle
from meterai.texts.told import text_of
from meterai.web.pages.messages import notice_text, state_text
from meterai.web.requests.forms import FormLimits, Upload
from meterai.web.requests.request_context import RequestContext

FILES_MAX = 2000
"""Files of one upload and of one bundle, on the site."""
UPLOAD_BYTES_MAX = 100 << 20
BUNDLE_BYTES_MAX = 1 << 30
"""Of all files of a bundle together. They come in several uploads."""
UPLOADS_AT_ONCE = 8
"""In each process, one for each customer. An upload keeps up to 100 MB in memory while it arrives."""
UPLOAD_LIMITS = FormLimits(
    files_max=FILES_MAX,
    file_bytes_max=UPLOAD_BYTES_MAX,
    kept_bytes_max=UPLOAD_BYTES_MAX,
    budget=BodyBudget((UPLOADS_AT_ONCE + 1) * UPLOAD_BYTES_MAX),
)
ZIP_LIMITS = ZipLimits(
    entries_max=FILES_MAX,
    entry_bytes_max=DEFAULT_LIMITS.file_bytes_max,
    total_bytes_max=4 * UPLOAD_BYTES_MAX,
    endings=(".pdf", ".jpg", ".jpeg", ".png"),
)
CHECKING = timedelta(seconds=60)
"""How long one upload may keep the jails busy. Files that were not checked must be uploaded again."""
_AT_ONCE = 2
_ZIP_BEGINNINGS = (b"PK\x03\x04", b"PK\x05\x06")
CHIPS = {
    Outcome.EXPECTED: "",
    Outcome.READY: "",
    Outcome.WAITING: "busy",
    Outcome.STAMPING: "busy",
    Outcome.STAMPED: "done",
    Outcome.UNFIT: "stop",
    Outcome.REFUSED: "stop",
    Outcome.EXPIRED: "stop",
}


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file as the page shows it."""

    file: BundleFile
    chip: str
    state: str
    why: str
    """Why it was not stamped, and what to do; empty otherwise."""
    notes: tuple[str, ...]
    """What stamping removes from the file, and other notices."""


async def add_uploads(
    context: RequestContext, bundle_id: UUID, customer_id: UUID, uploads: list[Upload]
) -> None:
    """Checks and adds all uploaded files, and the files in ZIPs.

    Raises: Refusal BUSY `bundle.not_checked` when the time was too short for all (checked files are kept);
    UNAVAILABLE `upload.disk_full`; what `add_to_bundle` raises.
    """
    service = context.service
    service.upload_room.reserve.refuse_uploads(sum(len(upload.content) for upload in uploads))
    complete = await fill_bundle(
        service.db,
        service.jail,
        service.objects,
        vouch_of(service),
        bundle_id=bundle_id,
        customer_id=customer_id,
        given=_given(uploads),
        at_once=_AT_ONCE,  # and no more: other people's uploads are checked in between
        clock=service.clock,
        until=service.clock() + CHECKING,
        room=BundleRoom(files_max=FILES_MAX, bytes_max=BUNDLE_BYTES_MAX, photos=True),
    )
    if not complete:
        raise Refusal(Kind.BUSY, "bundle.not_checked")


def _given(uploads: list[Upload]) -> Iterator[GivenFile]:
    while uploads:
        upload = uploads.pop(0)  # its memory is free as soon as it was checked
        try:
            if upload.too_large and upload.name.casefold().endswith(".zip"):
                raise Refusal(Kind.INVALID, "archive.too_large", total_bytes_max=UPLOAD_BYTES_MAX)
            if upload.too_large:
                raise Refusal(Kind.INVALID, "pdf.too_large", bytes_max=DEFAULT_LIMITS.file_bytes_max)
            if upload.content.startswith(_ZIP_BEGINNINGS):
                yield from from_zip(io.BytesIO(upload.content), ZIP_LIMITS)
                continue
            path = safe_path(upload.name)
        except Refusal as refusal:
            yield refused_file(shown_path(upload.name), refusal, size=len(upload.content))
            continue
        yield GivenFile(path=path, data=bytes(upload.content), size=len(upload.content))


def row_of(file: BundleFile, language: str, *, started: bool) -> FileRow:
    """Makes the row of a file. `started`: whether its bundle was."""
    chip, state = CHIPS[file.outcome], f"bundle.{file.outcome}"
    code = file.code if file.outcome in (Outcome.UNFIT, Outcome.REFUSED) else None
    if started and file.stamped_already:
        chip, state, code = "stop", "bundle.left_out", LEFT_OUT
    text = text_of(code, language, file.facts) if code else None
    return FileRow(
        file,
        chip,
        state_text(state, language).what,
        f"{text.what} {text.next}".strip() if text else "",
        tuple(notice_text(notice, language) for notice in file.notices),
    )


async def report_csv(rows: AsyncIterator[FileRow], columns: Sequence[str]) -> AsyncIterator[bytes]:
    """Writes the report as a table for spreadsheets: UTF-8 with its mark, and no name becomes a formula."""
    yield csv_table(columns, ()).encode("utf-8-sig")
    async for row in rows:
        cells = (
            row.file.path,
            row.state,
            row.file.serial or "",
            row.file.stamped_sha256 or "",
            row.why,
            " ".join(row.notes),
        )
        yield csv_row(cells).encode()
