"""Deletes what people wrote when they joined, once its term is over, on hosts where no worker does it."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from pathlib import Path

import structlog

from meterai.kernel.refusals import Refusal
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.join_notes import drop_notes
from meterai.waiting_room.files.published_documents import Config
from meterai.waiting_room.files.queue_folder import queues_in

log = structlog.get_logger(__name__)

DAY_S = 86_400
_EVERY_S = 3_600.0


async def drop_old_notes(root: Path, *, days: int) -> None:
    """Deletes the notes of events that closed `days` ago, each hour, until it is cancelled."""
    while True:
        await asyncio.to_thread(drop_notes_before, root, time.time() - days * DAY_S)
        await asyncio.sleep(_EVERY_S)


def drop_notes_before(root: Path, before: float) -> int:
    """Deletes the notes of events that closed before a time. Returns how many files there were."""
    dropped = 0
    for folder in queues_in(root):
        try:
            with suppress(Refusal):
                rules = published_documents.decode(folder.config.read_bytes(), Config)
                dropped += drop_notes(folder) if rules.schedule.closes_at < before else 0
        except OSError as error:
            log.warning("line_notes_kept", queue=folder.slug, reason=str(error))
    return dropped
