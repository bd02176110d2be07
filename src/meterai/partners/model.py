"""Organisations, what is agreed with them, and the blocks of stamps that they get."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum

import msgspec

from meterai.kernel.ids import derived_id
from meterai.ledger.model import AccountKind, account_id


class OrganisationRole(StrEnum):
    """What an organisation is in the chain. `add_organisation` (SQL) says what stands below what."""

    DISTRIBUTOR = "distributor"  # below the issuer; prepays at the treasury
    RETAILER = "retailer"
    ENTERPRISE = "enterprise"
    COLLECTOR = "collector"  # below the issuer or a distributor; on account for a tax period
    SUB_ACCOUNT = "sub_account"  # below a retailer, an enterprise or a collector


class OrganisationState(StrEnum):
    """Whether an organisation may get, pass on and use stamps."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class MemberRole(StrEnum):
    """What a person may do for an organisation."""

    OWNER = "owner"  # all, and who the members are
    BUYER = "buyer"
    STAMPER = "stamper"
    VIEWER = "viewer"


class PaidBy(StrEnum):
    """How a block is paid."""

    DEPOSIT = "deposit"  # from what a distributor deposited at the treasury
    FUNDS = "funds"  # from what was prepaid at the parent
    CREDIT = "credit"


def account_holder_id(organisation_id: uuid.UUID) -> uuid.UUID:
    """The customer who owns what an organisation stamps. It has no contacts."""
    return derived_id("account_holder", organisation_id)


def stock_account_id(organisation_id: uuid.UUID) -> uuid.UUID:
    """The account from which an organisation stamps: what stamping calls `lot_account_id`."""
    return account_id(AccountKind.PARTNER_STOCK, organisation_id)


class NewOrganisation(msgspec.Struct, frozen=True, kw_only=True):
    """An organisation to add."""

    id: uuid.UUID
    parent_id: uuid.UUID
    name: str
    role: OrganisationRole
    code: str
    """A short name for commands and files: small letters, digits and hyphens."""
    npwp: str | None = None


class Organisation(msgspec.Struct, frozen=True, kw_only=True):
    """A partner."""

    id: uuid.UUID
    parent_id: uuid.UUID
    name: str
    role: OrganisationRole
    code: str
    state: OrganisationState
    npwp: str | None
    account_holder: uuid.UUID
    created_at: datetime


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What is agreed with an organisation, from a day on. Rupiah for each stamp, where a price is meant."""

    unit_price: int
    service_fee: int = 0
    """What the parent adds to the price, with its VAT."""
    valid_from: date | None = None
    """The first business date; None: today."""
    valid_until: date | None = None
    """The last one; None: until another agreement."""
    stamps_per_document_max: int | None = None
    stamps_per_day_max: int | None = None
    credit_limit: int = 0
    """Rupiah that may be owed for blocks; 0: no credit."""
    open_periods_max: int = 1
    """Of a collector: how many tax periods may be unpaid, the present one included."""
    signed_requests: bool = False
    """Whether the API takes only signed requests (RFC 9421)."""
    plain_hashes: bool = False
    """Whether hashes are signed whose attributes do not name our certificate, as some adapters send them."""


class Agreement(Terms, frozen=True, kw_only=True):
    """An agreement that was made."""

    id: uuid.UUID
    organisation_id: uuid.UUID
    created_at: datetime


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """Stamps that an organisation got from its parent at one time."""

    id: uuid.UUID
    giver: uuid.UUID
    receiver: uuid.UUID
    pieces: int
    unit_price: int
    service_fee: int
    paid_by: PaidBy
    period: date
    """The tax period: the first day of its month."""
    returned: int
    paid: int
    """Rupiah paid so far, of a block on credit."""
    at: datetime

    @property
    def unpaid(self) -> int:
        """Rupiah owed for what is kept of it."""
        if self.paid_by is not PaidBy.CREDIT:
            return 0
        return (self.pieces - self.returned) * (self.unit_price + self.service_fee) - self.paid
