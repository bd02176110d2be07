"""The body of a message. It is the same in every attempt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from meterai.kernel.typed_ids import Prefix, write_id
from meterai.partners.webhooks.event_kinds import KINDS
from meterai.partners.webhooks.model import Event


def data_of(event: Event) -> Mapping[str, Any]:
    """What an event says: the id of its subject, and few facts."""
    kind = KINDS[event.kind]
    ids = {name: write_id(prefix, UUID(event.facts[name])) for name, prefix in kind.ids.items()}
    return {"id": write_id(kind.subject, event.subject_id), **event.facts, **ids}


def message_id(event: Event) -> str:
    """The id of a message: that of its event. A receiver knows by it what it has had already."""
    return write_id(Prefix.EVENT, event.id)


def body_of(event: Event) -> bytes:
    """The body of the message about an event."""
    return msgspec.json.encode(
        {
            "id": message_id(event),
            "type": event.kind,
            "timestamp": event.happened_at,
            "data": data_of(event),
        }
    )
