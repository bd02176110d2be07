"""What people wrote when they joined goes when its term is over, on each host that has it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from meterai.waiting_room.carrying import old_notes
from meterai.waiting_room.carrying.old_notes import drop_old_notes
from tests.players.queue_twin import Queue, schedule_from

DAY_S = 86_400


async def test_notes_go_when_their_event_was_over_for_the_term(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    kept = [
        Queue(tmp_path, schedule_from(now - days * DAY_S), slug=slug)
        for days, slug in ((8, "lama"), (6, "baru"))
    ]
    for queue in kept:
        queue.folder.gate(2).mkdir(parents=True)
        (queue.folder.gate(2) / "notes").write_bytes(b"x" * 192)
        (queue.folder.gate(2) / "w1.joins").write_bytes(b"y" * 36)
    (tmp_path / "tanpa").mkdir()

    async def enough(seconds: float) -> None:
        assert seconds <= 3_600
        raise InterruptedError

    monkeypatch.setattr(old_notes.asyncio, "sleep", enough)
    with pytest.raises(InterruptedError):
        await drop_old_notes(tmp_path, days=7)
    old, new = (queue.folder.gate(2) for queue in kept)
    assert not (old / "notes").exists()
    assert (old / "w1.joins").exists(), "ids stay for audits"
    assert (new / "notes").exists()
