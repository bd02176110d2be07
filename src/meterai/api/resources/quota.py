"""Quota: the stamps of an organisation, and the blocks in which they move down the tree and back up."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post, put
from msgspec import Meta

from meterai.api.access.caller import Caller
from meterai.api.conventions.declared import declared
from meterai.api.conventions.ids import BlockId, OrganisationId, Prefix, id_of, unknown_id, write_id
from meterai.api.conventions.once import Once
from meterai.api.conventions.operations import operation
from meterai.api.conventions.paging import PAGE, Cursor, Limit, Page, page_of, read_cursor
from meterai.api.dependencies import Service
from meterai.api.resources.organisations import organisation_below
from meterai.kernel.refusals import Kind
from meterai.partners.model import Block, PaidBy
from meterai.partners.queries.organisations import find_child
from meterai.partners.queries.quota import blocks_of, find_block, quota_below, quota_of
from meterai.partners.use_cases.move_stamps import pass_block, take_back
from meterai.partners.webhooks.queries import alert_of
from meterai.partners.webhooks.use_cases.warn_of_low_quota import set_quota_alert

_PIECES_MAX = 1_000_000
_ALERT_MAX = 100_000_000
Pieces = Annotated[int, Meta(ge=1, le=_PIECES_MAX)]
_MOVE_REFUSES = {
    "partner.not_paid_so": Kind.CONFLICT,
    "partner.stock_short": Kind.CONFLICT,
    "partner.credit_short": Kind.CONFLICT,
    "partner.funds_short": Kind.CONFLICT,
    "partner.period_unpaid": Kind.CONFLICT,
    "partner.no_agreement": Kind.CONFLICT,
    "partner.not_active": Kind.CONFLICT,
    "partner.id_used": Kind.CONFLICT,
    "partner.more_than_left": Kind.CONFLICT,
    "partner.out_of_range": Kind.CONFLICT,
    "partner.officers_decide": Kind.FORBIDDEN,
    "api.unknown_id": Kind.NOT_FOUND,
}


class TreeSums(msgspec.Struct, frozen=True, kw_only=True):
    """The stamps of an organisation and of all below it."""

    organisations: int
    available: int
    held: int
    unstamped: int
    used: int


class ShownQuota(msgspec.Struct, frozen=True, kw_only=True):
    """What an organisation has: stamps, and rupiah at its parent.

    `held`: for documents that are being stamped. `unstamped`: for serial numbers that were taken first.
    `prepaid`: of a distributor, at the treasury.
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
    """The stamps of the organisation and of all below it."""


class ShownBlock(msgspec.Struct, frozen=True, kw_only=True):
    """Stamps that `receiver_id` got from `giver_id` at one time.

    Prices are rupiah for each stamp. `unpaid`: what is owed for them, of a block on credit.
    """

    id: str
    giver_id: str
    receiver_id: str
    pieces: int
    returned: int
    unit_price: int
    service_fee: int
    paid_by: PaidBy
    period: date
    unpaid: int
    at: datetime


class BlockOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Stamps to pass to an organisation right below the one that calls."""

    receiver_id: OrganisationId
    pieces: Pieces
    paid_by: Literal["funds", "credit"]


class ReturnOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Pieces of a block that go back."""

    pieces: Pieces


class QuotaAlert(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the event `quota.low` comes: once, when fewer stamps than `pieces` are left. 0: never."""

    pieces: Annotated[int, Meta(ge=0, le=_ALERT_MAX)]


def _show_block(block: Block) -> ShownBlock:
    return ShownBlock(
        id=write_id(Prefix.BLOCK, block.id),
        giver_id=write_id(Prefix.ORGANISATION, block.giver),
        receiver_id=write_id(Prefix.ORGANISATION, block.receiver),
        pieces=block.pieces,
        returned=block.returned,
        unit_price=block.unit_price,
        service_fee=block.service_fee,
        paid_by=block.paid_by,
        period=block.period,
        unpaid=block.unpaid,
        at=block.at,
    )


@get("/api/v1/quota", opt=operation(scope="quota:read"))
async def read_quota(caller: Caller, service: Service) -> ShownQuota:
    """Reads what the organisation that calls has."""
    return await _quota(service, caller.organisation_id)


@get("/api/v1/organisations/{organisation_id:str}/quota", opt=operation(scope="quota:read"))
async def read_quota_below(caller: Caller, service: Service, organisation_id: OrganisationId) -> ShownQuota:
    """Reads what an organisation has: the one that calls, or one below it."""
    found = await organisation_below(service, caller, organisation_id)
    return await _quota(service, found.id)


async def _quota(service: Service, organisation_id: UUID) -> ShownQuota:
    async with service.db.connection() as conn:
        quota = await quota_of(conn, organisation_id)
        tree = await quota_below(conn, organisation_id)
    return ShownQuota(
        organisation_id=write_id(Prefix.ORGANISATION, organisation_id),
        **msgspec.structs.asdict(quota),
        tree=TreeSums(**msgspec.structs.asdict(tree)),
    )


@get("/api/v1/quota/alert", opt=operation(scope="quota:read"))
async def read_quota_alert(caller: Caller, service: Service) -> QuotaAlert:
    """Reads the stock below which an event comes."""
    async with service.db.connection() as connection:
        return QuotaAlert(pieces=await alert_of(connection, caller.organisation_id))


@put("/api/v1/quota/alert", opt=operation(scope="webhooks:write"))
async def change_quota_alert(data: QuotaAlert, caller: Caller, service: Service) -> QuotaAlert:
    """Sets the stock below which an event comes."""
    await set_quota_alert(service.db, caller.organisation_id, data.pieces)
    return data


@get("/api/v1/blocks", opt=operation(scope="quota:read"))
async def list_blocks(
    request: Request[Any, Any, Any],
    caller: Caller,
    service: Service,
    limit: Limit = PAGE,
    cursor: Cursor = "",
) -> Response[Page[ShownBlock]]:
    """Lists the blocks that the organisation got or gave, the newest first."""
    before = read_cursor(cursor, tuple[datetime, UUID])
    async with service.db.connection() as conn:
        rows = await blocks_of(conn, caller.organisation_id, before=before, limit=limit + 1)
    return page_of(request, rows, limit=limit, show=_show_block, place=lambda row: (row.at, row.id))


@get("/api/v1/blocks/{block_id:str}", opt=operation(scope="quota:read"))
async def read_block(caller: Caller, service: Service, block_id: BlockId) -> ShownBlock:
    """Reads a block that the organisation got or gave."""
    async with service.db.connection() as conn:
        block = await find_block(conn, id_of(Prefix.BLOCK, block_id), seen_by=caller.organisation_id)
    if block is None:
        raise unknown_id()
    return _show_block(block)


@post(
    "/api/v1/blocks",
    opt=operation(
        scope="quota:move",
        refuses={**_MOVE_REFUSES, "client.day_cap": Kind.BUSY, "client.hour_cap": Kind.BUSY},
    ),
    status_code=201,
)
async def pass_stamps(data: BlockOrder, caller: Caller, once: Once, service: Service) -> Response[ShownBlock]:
    """Passes stamps to an organisation right below, at the price agreed with it.

    They are paid from what it has prepaid (`funds`), or owed (`credit`). Stamps and money move together.
    The pieces count against the caps of the client.
    """
    with declared(_MOVE_REFUSES):
        async with service.db.connection() as conn:
            receiver = await find_child(
                conn, id_of(Prefix.ORGANISATION, data.receiver_id), parent_id=caller.organisation_id
            )
        block = await pass_block(
            service.db,
            once.id,
            to=receiver.id,
            pieces=data.pieces,
            paid_by=PaidBy(data.paid_by),
            now=service.clock(),
            client_id=caller.client_id,
        )
    shown = _show_block(block)
    return Response(shown, headers={"Location": f"/api/v1/blocks/{shown.id}"})


@post(
    "/api/v1/blocks/{block_id:str}/returns",
    opt=operation(scope="quota:move", refuses=_MOVE_REFUSES),
    status_code=200,
)
async def return_stamps(
    data: ReturnOrder, caller: Caller, once: Once, service: Service, block_id: BlockId
) -> ShownBlock:
    """Returns stamps of a block to the organisation that gave them, and reverses their money."""
    with declared(_MOVE_REFUSES):
        block = await take_back(
            service.db,
            once.id,
            id_of(Prefix.BLOCK, block_id),
            pieces=data.pieces,
            seen_by=caller.organisation_id,
            now=service.clock(),
        )
    return _show_block(block)


ROUTES = [
    read_quota,
    read_quota_below,
    read_quota_alert,
    change_quota_alert,
    list_blocks,
    read_block,
    pass_stamps,
    return_stamps,
]
