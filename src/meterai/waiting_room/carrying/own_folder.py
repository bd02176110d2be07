"""The folder of queues of one process: what NATS brings is written by it alone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from meterai.kit.files.file_lock import locked

log = structlog.get_logger(__name__)

_RETRY_S = 1.0


@asynccontextmanager
async def own_folder(root: Path) -> AsyncIterator[None]:
    """Waits while another mirror or controller has the folder. It is ours until the end of the block."""
    await asyncio.to_thread(root.mkdir, parents=True, exist_ok=True)
    has_told = False
    while True:
        try:
            lock = locked(root / "line.lock")
            break
        except BlockingIOError:
            if not has_told:
                log.info("line_folder_in_use", folder=str(root))
                has_told = True
            await asyncio.sleep(_RETRY_S)
    try:
        yield
    finally:
        os.close(lock)
