"""An announcement ends at its time, in the status and in the public log, and the audit agrees."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from meterai.waiting_room.auditing.replay import audit
from meterai.waiting_room.auditing.sources import FolderSource
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.public_log import ENTRIES
from meterai.waiting_room.files.published_documents import Announcement, Status
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.use_cases.steer_queue import announce
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.evening import Evening

pytestmark = pytest.mark.storage


async def test_the_controller_takes_the_words_away_at_their_end(
    database: TestDatabase, tmp_path: Path
) -> None:
    evening = Evening(database, QueueFolder(tmp_path / "casn"))
    await evening.open()
    await evening.second()
    now = datetime.fromtimestamp(evening.now, UTC)
    note = Announcement(id="Halo", en="Hello")
    await announce(database.app, "casn", note, until=now + timedelta(seconds=3), actor="rina", now=now)
    for _ in range(5):
        await evening.second()
    shown = [published_documents.decode(raw, Status).note.en for raw in evening.statuses]
    assert shown == ["", "Hello", "Hello", "", "", ""]
    lines = (evening.folder.log / ENTRIES).read_text().splitlines()
    acts = [json.loads(line)["facts"] for line in lines if '"announce"' in line]
    assert [json.loads(act["value"])["en"] for act in acts] == ["Hello", ""]
    assert acts[0]["reason"].startswith("until ")
    report = audit(
        FolderSource(evening.folder.public), pause=lambda seconds: None, kept_statuses=evening.statuses
    )
    assert report.findings == []
