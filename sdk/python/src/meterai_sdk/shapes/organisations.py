"""Organisations, and what they have."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

OrganisationRole = Literal["distributor", "retailer", "enterprise", "collector", "sub_account"]
OrganisationState = Literal["active", "suspended", "closed"]


class Organisation(TypedDict):
    """An organisation. `code`: a short name for files and commands."""

    id: str
    parent_id: str
    name: str
    code: str
    role: OrganisationRole
    state: OrganisationState
    npwp: str | None
    created_at: str


class Agreement(TypedDict):
    """What is agreed today: rupiah for each stamp, and limits. A limit that is None does not exist."""

    valid_from: str | None
    valid_until: str | None
    unit_price: int
    service_fee: int
    stamps_per_document_max: int | None
    stamps_per_day_max: int | None
    credit_limit: int
    signed_requests: bool
    plain_hashes: bool


class DatedAgreement(Agreement):
    """An agreement. It never changes: a later one replaces it from its first day on."""

    id: str
    organisation_id: str
    created_at: str


class AgreementOrder(TypedDict):
    """Terms for an organisation right below yours. `valid_from`: today if left out. Without a limit: None."""

    unit_price: int
    service_fee: NotRequired[int]
    valid_from: NotRequired[str | None]
    valid_until: NotRequired[str | None]
    stamps_per_document_max: NotRequired[int | None]
    stamps_per_day_max: NotRequired[int | None]
    credit_limit: NotRequired[int]
    signed_requests: NotRequired[bool]
    plain_hashes: NotRequired[bool]


class OwnOrganisation(Organisation):
    """Your organisation, with its agreement."""

    agreement: Agreement | None


class TreeSums(TypedDict):
    """The stamps of an organisation and of all below it."""

    organisations: int
    available: int
    held: int
    unstamped: int
    used: int


class Quota(TypedDict):
    """What an organisation has: stamps, and rupiah at its parent. `held`: for documents being stamped.

    `unstamped`: for serial numbers that were taken first, and wait for their documents.
    """

    organisation_id: str
    available: int
    held: int
    unstamped: int
    used: int
    prepaid: int
    credit_free: int
    credit_owed: int
    tree: TreeSums


class QuotaAlert(TypedDict):
    """Below how many stamps the event `quota.low` comes. 0: never."""

    pieces: int


class Block(TypedDict):
    """Stamps that the receiver got from the giver at one time. Prices are rupiah for each stamp."""

    id: str
    giver_id: str
    receiver_id: str
    pieces: int
    returned: int
    unit_price: int
    service_fee: int
    paid_by: Literal["deposit", "funds", "credit"]
    period: str
    unpaid: int
    at: str
