"""What wait pages say of an event, in `public/event.json`. The controller writes it, and gates follow it."""

from __future__ import annotations

import msgspec

from meterai.waiting_room.carrying.port import DocumentCarrier
from meterai.waiting_room.files.queue_folder import QueueFolder, publish


class ShownEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Name, zone and documents of an event. Keys: the languages `id` and `en`."""

    names: dict[str, str]
    zone: str
    documents: dict[str, tuple[str, ...]]
    """What people prepare."""


def keep_shown(folder: QueueFolder, shown: ShownEvent, carrier: DocumentCarrier) -> None:
    """Publishes it if it is new, also to other hosts. A queue that has published no rules yet gets nothing.

    Raises: as `carrier.publish`.
    """
    raw = msgspec.json.encode(shown)
    path = folder.shown_event
    if folder.config.exists() and not (path.exists() and path.read_bytes() == raw):
        carrier.publish(folder.slug, path.relative_to(folder.path).as_posix(), raw)
        publish(path, raw)


def read_shown(folder: QueueFolder) -> ShownEvent | None:
    """What is published; None: nothing yet. Raises: OSError; ValueError when the file is damaged."""
    try:
        return msgspec.json.decode(folder.shown_event.read_bytes(), type=ShownEvent)
    except FileNotFoundError:
        return None
