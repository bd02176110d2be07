"""Tells the story of a certificate of attempt: what it says, and what the line knows of its holder."""

from __future__ import annotations

import uuid
from datetime import datetime
from urllib.parse import unquote_plus

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database, call
from meterai.operations.finding.story import OfficersAct
from meterai.sales.queries.order_access import read_order_number
from meterai.waiting_room.rules.certificate import Attempt


class CertificateHit(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate that was found."""

    code: str
    event: str
    issued_at: datetime


class CertificateStory(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a certificate. The name on it is masked while `shown_until` is None."""

    shown_until: datetime | None
    code: str
    id: str
    """The id of the contact in the line, as the public log has it."""
    event: str
    issued_at: datetime
    attempt: Attempt | None
    """What was signed, without the name. None: its term is over."""
    name: str | None
    knocked_at: datetime | None
    """When its holder first found the admission full, as the line knows it."""
    entered_at: datetime | None
    """When its holder was let in nevertheless."""
    order: str | None
    is_logged: bool
    """The public log has its digest, among the entries that the database still holds."""
    is_to_log: bool
    acts: tuple[OfficersAct, ...]

    @property
    def shown_name(self) -> str:
        """The name as people read it; empty: they gave none."""
        return unquote_plus(self.name or "")


async def tell_certificate(
    db: Database, code: str, *, session: uuid.UUID | None, now: datetime
) -> CertificateStory:
    """Tells the story of a certificate. `session`: of the officer who reads it; None: the name is masked.

    Raises: Refusal NOT_FOUND `certificate.unknown`.
    """
    async with db.connection() as connection:
        found = await connection.fetchval(
            call("operations.certificate_story", 3), read_order_number(code), session, now
        )
    if found is None:
        raise Refusal(Kind.NOT_FOUND, "certificate.unknown")
    return msgspec.convert(found, CertificateStory)
