"""Tells the story of a partner: agreement, stock, dues, programs, batches, events, and who did what."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from meterai.kernel.clock import business_date
from meterai.kernel.typed_ids import Prefix, write_id
from meterai.kit.database import Connection, Database, call
from meterai.ledger.model import ISSUER
from meterai.operations.finding.story import OfficersAct
from meterai.partners.model import (
    Agreement,
    Block,
    MemberRole,
    Organisation,
    OrganisationRole,
    OrganisationState,
)
from meterai.partners.queries.agreements import agreement_on
from meterai.partners.queries.dues import Dues, dues_of
from meterai.partners.queries.organisations import children_of, find_by_code, find_organisation, is_active
from meterai.partners.queries.quota import Quota, blocks_of, quota_of

_BLOCKS_SHOWN: Final = 10
_CHILDREN_SHOWN: Final = 50


class PartnerHit(msgspec.Struct, frozen=True, kw_only=True):
    """A partner that was found."""

    code: str
    name: str
    role: OrganisationRole
    state: OrganisationState


class ApiRequestHit(msgspec.Struct, frozen=True, kw_only=True):
    """A request to the API that was found by its id, with the partner whose program asked."""

    id: uuid.UUID
    code: str
    name: str
    client: str | None
    at: datetime
    method: str
    path: str
    status: int
    problem: str | None
    milliseconds: int

    @property
    def written_id(self) -> str:
        """As its answer had it."""
        return write_id(Prefix.REQUEST, self.id)


class MemberOfPartner(msgspec.Struct, frozen=True, kw_only=True):
    """A person who acts for the partner."""

    role: MemberRole
    added_at: datetime
    contact: str | None


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """A user name for the wire."""

    user_name: str
    used_at: datetime | None


class ClientOfPartner(msgspec.Struct, frozen=True, kw_only=True):
    """A program of the partner."""

    id: uuid.UUID
    name: str
    scopes: tuple[str, ...]
    networks: int
    """From how many it may call; 0: from anywhere."""
    keys: int
    """Those that count."""
    created_at: datetime
    revoked_at: datetime | None
    logins: tuple[Login, ...]

    @property
    def written_id(self) -> str:
        """As the API writes it."""
        return write_id(Prefix.CLIENT, self.id)


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Requests to the API in seven days."""

    requests: int
    refused: int


class RefusedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request to the API that was refused, or failed."""

    id: uuid.UUID
    at: datetime
    method: str
    path: str
    status: int
    problem: str | None


class BatchOfPartner(msgspec.Struct, frozen=True, kw_only=True):
    """A batch of the wire. `waiting` and `failed`: its documents of which the receiver was not told."""

    id: uuid.UUID
    created_at: datetime
    failing_since: datetime | None
    documents: int
    waiting: int
    failed: int


class WebhookOfPartner(msgspec.Struct, frozen=True, kw_only=True):
    """An address to which messages about events go, by its host alone: the rest may hold a secret."""

    id: uuid.UUID
    host: str
    state: str
    because: str | None
    failing_since: datetime | None
    waiting: int


class PartnerEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to the partner."""

    sequence: int
    kind: str
    subject_id: uuid.UUID
    happened_at: datetime


class OpenRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request about the partner that waits for a second officer."""

    number: int
    kind: str
    asked_at: datetime


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """What stands around a partner, as `operations.partner_story` has it (SQL)."""

    shown_until: datetime | None
    npwp: str | None
    members: tuple[MemberOfPartner, ...]
    clients: tuple[ClientOfPartner, ...]
    usage: Usage
    refusals: tuple[RefusedRequest, ...]
    wire_since: datetime | None
    batches: tuple[BatchOfPartner, ...]
    webhooks: tuple[WebhookOfPartner, ...]
    events: tuple[PartnerEvent, ...]
    requests: tuple[OpenRequest, ...]


class PartnerMatter(StrEnum):
    """What is the matter with a partner. The page has a sentence and a next step for each."""

    CLOSED = "closed"
    SUSPENDED = "suspended"
    ABOVE = "above"
    NO_AGREEMENT = "no_agreement"
    NO_STOCK = "no_stock"
    WEBHOOK = "webhook"
    BATCH = "batch"
    WELL = "well"


class PartnerStory(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a partner. Personal data is masked while `around.shown_until` is None."""

    organisation: Organisation
    parent: Organisation | None
    """None: it stands right below the issuer."""
    is_active: bool
    """It and all above it are."""
    agreement: Agreement | None
    """The one of today."""
    quota: Quota
    dues: Dues
    blocks: list[Block]
    """The last ones, received or given."""
    children: list[Organisation]
    around: Around
    acts: tuple[OfficersAct, ...]

    @property
    def matter(self) -> PartnerMatter:
        """What is the matter, the worst first."""
        if self.organisation.state is not OrganisationState.ACTIVE:
            return PartnerMatter(self.organisation.state)
        if not self.is_active:
            return PartnerMatter.ABOVE
        if self.agreement is None and self.organisation.role is not OrganisationRole.DISTRIBUTOR:
            return PartnerMatter.NO_AGREEMENT
        if self.quota.available <= 0:
            return PartnerMatter.NO_STOCK
        if any(one.failing_since or one.state == "disabled" for one in self.around.webhooks):
            return PartnerMatter.WEBHOOK
        if any(one.failing_since or one.failed for one in self.around.batches):
            return PartnerMatter.BATCH
        return PartnerMatter.WELL


async def tell_partner(db: Database, code: str, *, session: uuid.UUID | None, now: datetime) -> PartnerStory:
    """Tells the story of a partner. `session`: of the officer who reads it; None: personal data is masked.

    Raises: Refusal NOT_FOUND `partner.unknown`.
    """
    async with db.transaction() as tx:
        found = await find_by_code(tx, code)
        around = msgspec.convert(
            await tx.fetchval(call("operations.partner_story", 3), code, session, now), Around
        )
        return PartnerStory(
            organisation=found,
            parent=None if found.parent_id == ISSUER else await find_organisation(tx, found.parent_id),
            is_active=await is_active(tx, found.id),
            agreement=await agreement_on(tx, found.id, business_date(now)),
            quota=await quota_of(tx, found.id),
            dues=await dues_of(tx, found),
            blocks=await blocks_of(tx, found.id, limit=_BLOCKS_SHOWN),
            children=await children_of(tx, found.id, limit=_CHILDREN_SHOWN),
            around=around,
            acts=await _acts(tx, found, around),
        )


async def _acts(tx: Connection, found: Organisation, around: Around) -> tuple[OfficersAct, ...]:
    written = [write_id(Prefix.ORGANISATION, found.id), *(client.written_id for client in around.clients)]
    acts = await tx.fetchval(call("operations.partner_acts", 2), found.code, written)
    return msgspec.convert(acts, tuple[OfficersAct, ...])
