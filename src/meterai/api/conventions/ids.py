"""Ids on the wire: `Annotated` types for bodies, and their reading."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.typed_ids import Prefix, pattern_of, read_id, write_id

__all__ = ["Prefix", "id_of", "write_id"]

OrganisationId = Annotated[str, Meta(pattern=pattern_of(Prefix.ORGANISATION))]
DocumentId = Annotated[str, Meta(pattern=pattern_of(Prefix.DOCUMENT))]
StampId = Annotated[str, Meta(pattern=pattern_of(Prefix.STAMP))]
BundleId = Annotated[str, Meta(pattern=pattern_of(Prefix.BUNDLE))]
BlockId = Annotated[str, Meta(pattern=pattern_of(Prefix.BLOCK))]
ClientId = Annotated[str, Meta(pattern=pattern_of(Prefix.CLIENT))]
KeyId = Annotated[str, Meta(pattern=pattern_of(Prefix.KEY))]
WebhookId = Annotated[str, Meta(pattern=pattern_of(Prefix.WEBHOOK))]
EventId = Annotated[str, Meta(pattern=pattern_of(Prefix.EVENT))]
DeliveryId = Annotated[str, Meta(pattern=pattern_of(Prefix.DELIVERY))]
FileId = Annotated[str, Meta(pattern=pattern_of(Prefix.FILE))]
ReportId = Annotated[str, Meta(pattern=pattern_of(Prefix.REPORT))]


def id_of(prefix: Prefix, text: str) -> UUID:
    """Reads an id of an address or a body.

    What is no id answers like an id that nobody has, and so does an id of another organisation (I16).

    Raises: api.unknown_id (404).
    """
    found = read_id(prefix, text)
    if found is None:
        raise unknown_id()
    return found


def unknown_id() -> Refusal:
    """The refusal for an id that does not exist, or that belongs to another organisation."""
    return Refusal(Kind.NOT_FOUND, "api.unknown_id")
