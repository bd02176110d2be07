"""Published documents over HTTP: `/antre/<slug>/d/...`, as they lie on the disk. nginx can serve them too."""

from __future__ import annotations

import asyncio
import os
import re
from typing import BinaryIO, Final

from meterai.gate.http.responses import Headers, head, respond
from meterai.gate.http.server import Request
from meterai.waiting_room.files.queue_folder import QueueFolder

STATUS_CACHE: Final = ("cache-control", "public, max-age=1")
_SHORT: Final = ("cache-control", "public, max-age=5")
_FOR_GOOD: Final = ("cache-control", "public, max-age=31536000, immutable")
_NAMES: Final = re.compile(
    r"config\.json|configs/\d{1,8}\.json|status\.json|w/\d{1,8}\.(?:close|reveal)\.json|w/\d{1,8}\.ids|log/(?:entries|heads)\.jsonl"
)
_TYPES: Final = {"json": "application/json", "jsonl": "application/jsonl", "ids": "application/octet-stream"}
_WHOLE_BYTES_MAX = 256 * 1024
SENDING_MAX: Final = 200
"""The most long documents that are sent at once. Each holds an open file and a piece of it in memory."""
_RANGE: Final = re.compile(rb"bytes=(\d{1,18})-")


def document_headers(name: str) -> Headers:
    """Content type and caching. Documents of a window never change."""
    kept = STATUS_CACHE if name == "status.json" else _FOR_GOOD if name.startswith("w/") else _SHORT
    return (
        ("content-type", _TYPES[name.rpartition(".")[2]]),
        kept,
        ("access-control-allow-origin", "*"),  # anyone's page may audit
    )


def send_document(request: Request, folder: QueueFolder, name: str, safety: Headers) -> bytes | None:
    """The answer with a document. None: a long one is sent piece by piece. `Range: bytes=N-` begins at byte
    N."""
    if not _NAMES.fullmatch(name):
        return respond(404, b"", safety)
    try:
        file = (folder.public / name).open("rb")
    except OSError:
        return respond(404, b"", (*safety, ("cache-control", "public, max-age=1")))
    size = os.fstat(file.fileno()).st_size
    headers = [*document_headers(name), *safety, ("accept-ranges", "bytes")]
    status, start = 200, 0
    if (wanted := _RANGE.fullmatch(request.header(b"range"))) is not None:
        start = int(wanted[1])
        if start >= size:
            file.close()
            return respond(416, b"", [*headers, ("content-range", f"bytes */{size}")])
        status = 206
        headers.append(("content-range", f"bytes {start}-{size - 1}/{size}"))
        file.seek(start)
    if size - start <= _WHOLE_BYTES_MAX:
        with file:
            return respond(status, file.read(size - start), headers)
    if len(_sending) >= SENDING_MAX:
        file.close()
        return respond(503, b"", (*safety, ("cache-control", "no-store"), ("retry-after", "5")))
    task = asyncio.get_running_loop().create_task(
        _send(request, head(status, size - start, headers), file, size - start)
    )
    _sending.add(task)
    task.add_done_callback(_sending.discard)
    return None


_sending: set[asyncio.Task[None]] = set()


async def _send(request: Request, start: bytes, file: BinaryIO, size: int) -> None:
    with file:
        await request.answer_with_file(start, file, size)
