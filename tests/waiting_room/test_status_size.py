"""The status never exceeds its 1,280 bytes. Otherwise the controller could not publish anything."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.published_documents import (
    NEWS_BYTES_MAX,
    STATUS_BYTES_MAX,
    Announcement,
    Status,
)
from meterai.waiting_room.rules.forecast import HORIZONS
from meterai.waiting_room.rules.model import U_MAX, QueueState
from meterai.waiting_room.use_cases.steer_queue import NOTE_BYTES_MAX

MANY = 9_999_999


def test_the_longest_status_that_a_controller_can_come_to_fits() -> None:
    status = Status(
        event="x" * 40, epoch=MANY, sequence=10**10, at=2**32, state=QueueState.OUT_OF_STOCK,
        frontiers=[(2**20, U_MAX - 1)] * 2, rate=99_999, fan=[(86_400, MANY, MANY)] * HORIZONS,
        closes_at=2**32, last_call_at=2**32, poll=(2, 60), waiting=MANY, joining=MANY,
        admitted=MANY, called=MANY, done_after_s=99_999, kept=(MANY, MANY), log=(99 * MANY, "f" * 32),
        stopped=True, stalled=True,
        note=Announcement("x" * (NOTE_BYTES_MAX // 2), "y" * (NOTE_BYTES_MAX // 2)),
        news=Announcement("x" * (NEWS_BYTES_MAX // 2), "y" * (NEWS_BYTES_MAX // 2)),
    )  # fmt: skip
    key = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    assert len(published_documents.sign(status, key)) <= STATUS_BYTES_MAX
