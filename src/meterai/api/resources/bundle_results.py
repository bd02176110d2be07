"""Results of bundles: a line for each file, or the stamped files in ZIPs, made while they are sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import msgspec
from litestar import get
from litestar.response import Stream

from meterai.api.access.caller import Caller
from meterai.api.conventions.ids import BundleId
from meterai.api.conventions.operations import operation
from meterai.api.conventions.paging import Cursor, read_cursor, write_cursor
from meterai.api.dependencies import Service
from meterai.api.resources.bundle_files import file_shown
from meterai.api.resources.bundles import PATH, counts_of
from meterai.bootstrap import App
from meterai.kernel.refusals import Kind, Refusal
from meterai.stamping.bundles.model import Outcome
from meterai.stamping.bundles.queries import files_after, paths_of, walk_files
from meterai.stamping.bundles.result_zip import each, zip_of

_NDJSON = "application/x-ndjson"
_ZIP = "application/zip"
ZIP_FILES_MAX = 2_000
"""Files that one ZIP looks at. The list at its end is in memory."""


@get(PATH + "/{bundle_id:str}/results.ndjson", opt=operation(scope="bundles:read", gives=_NDJSON))
async def read_results(bundle_id: BundleId, caller: Caller, service: Service) -> Stream:
    """Gives one JSON object a line for each file, by path: its state, serial number and digests."""
    found = await counts_of(service, caller, bundle_id)
    return Stream(_lines(service, found.id), media_type=_NDJSON)


@get(
    PATH + "/{bundle_id:str}/results.zip",
    opt=operation(scope="bundles:read", gives=_ZIP, refuses={"document.not_released": Kind.CONFLICT}),
)
async def download_results(
    bundle_id: BundleId, caller: Caller, service: Service, cursor: Cursor = ""
) -> Stream:
    """Gives the stamped files in a ZIP. A large bundle has several: `Link` leads to the next."""
    found = await counts_of(service, caller, bundle_id)
    if not found.count(Outcome.STAMPED):
        raise Refusal(Kind.CONFLICT, "document.not_released")
    after = read_cursor(cursor, UUID)
    files = await files_after(service.db, found.id, after=after, limit=ZIP_FILES_MAX + 1)
    headers = {"Content-Disposition": f'attachment; filename="{bundle_id}.zip"'}
    if len(files) > ZIP_FILES_MAX:
        following = write_cursor(files[ZIP_FILES_MAX - 1].id)
        address = f"{service.public_url}{PATH}/{bundle_id}/results.zip?cursor={following}"
        headers["Link"] = f'<{address}>; rel="next"'
    packed = zip_of(service.objects, paths_of(service.db, found.id), each(files[:ZIP_FILES_MAX]))
    return Stream(packed, media_type=_ZIP, headers=headers)


async def _lines(service: App, bundle_id: UUID) -> AsyncIterator[bytes]:
    async for file in walk_files(service.db, bundle_id):
        yield msgspec.json.encode(file_shown(file)) + b"\n"


ROUTES: list[Any] = [read_results, download_results]
