"""The kinds of events, and what the message about one says: ids, and little else. It fetches the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from meterai.kernel.typed_ids import Prefix


class EventKind(msgspec.Struct, frozen=True, kw_only=True):
    """What events of a kind are about."""

    subject: Prefix
    """What the id in `data` names."""
    ids: Mapping[str, Prefix] = {}
    """Facts that are ids, too."""
    meaning: str
    """For the documentation, in English."""


TEST: Final = "webhook.test"
DISABLED: Final = "webhook.disabled"
KINDS: Final[Mapping[str, EventKind]] = {
    "stamp.released": EventKind(
        subject=Prefix.STAMP,
        ids={"document": Prefix.DOCUMENT},
        meaning="A document has its stamps and can be downloaded. Stamps of a bundle have none.",
    ),
    "stamp.refused": EventKind(
        subject=Prefix.STAMP,
        ids={"document": Prefix.DOCUMENT},
        meaning="A document can't be stamped; `code` says why. The quota is free again.",
    ),
    "bundle.finished": EventKind(
        subject=Prefix.BUNDLE,
        meaning="No more stamps of a bundle will be made. `state` is `ended` or `cancelled`.",
    ),
    "block.received": EventKind(
        subject=Prefix.BLOCK,
        meaning="Stamps came from the organisation above.",
    ),
    "block.returned": EventKind(
        subject=Prefix.BLOCK,
        meaning="An organisation below gave stamps of a block back.",
    ),
    "quota.low": EventKind(
        subject=Prefix.ORGANISATION,
        meaning="Fewer stamps are left than the alert says. Sent once, until there are enough again.",
    ),
    DISABLED: EventKind(
        subject=Prefix.WEBHOOK,
        meaning="A webhook gets no more messages. `because` says why: `gone` (it answered 410), or "
        "`failing` (for days).",
    ),
    TEST: EventKind(subject=Prefix.WEBHOOK, meaning="Asked for by you, to test an endpoint."),
}
