"""Bundles: up to 100,000 documents that are named, uploaded side by side, and stamped together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from msgspec import Meta

from meterai.api.access.caller import Caller
from meterai.api.conventions.ids import BundleId, Prefix, id_of, unknown_id, write_id
from meterai.api.conventions.once import Once
from meterai.api.conventions.operations import operation
from meterai.api.dependencies import Service
from meterai.api.resources.sandbox import now_of
from meterai.bootstrap import App, lots_of
from meterai.kernel.refusals import Kind
from meterai.kit.database import Connection
from meterai.ledger.recounting import retry_with_new_count
from meterai.partners.stamps.ordering import count_bundle, note_bundle_jobs
from meterai.pdf.profiles import Profile
from meterai.stamping.bundles.model import FILES_MAX, BundleCounts, Outcome, Rule
from meterai.stamping.bundles.queries import bundle_counts
from meterai.stamping.use_cases.cancel_bundle import cancel_bundle
from meterai.stamping.use_cases.open_bundle import open_bundle
from meterai.stamping.use_cases.start_bundle import start_bundle
from meterai.stamping.wanted_places import WantedPlace

PATH = "/api/v1/bundles"
_NO_QUOTA = frozenset({"quota.missing", "ledger.insufficient"})


class BundleOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bundle to open."""

    place: WantedPlace | None = None
    """Where each document gets its stamp. Null: the place that we propose for it."""
    sign_later: bool = False
    """Whether others will sign the documents after the stamp."""
    stamp_again: bool = False
    """Whether documents that carry a stamp already get another one."""


class BundleStart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to start a bundle."""

    documents: Annotated[int, Meta(ge=1, le=FILES_MAX)] | None = None
    """How many documents are ready as far as you know. Null: whatever is ready."""
    wait_for_quota: bool = False
    """Whether to start with too little quota. The rest waits until there is more."""


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """A bundle and its progress."""

    id: BundleId
    state: Annotated[str, Meta(description="open, stamping, waiting_for_quota, halted, ended or cancelled.")]
    """`halted`: what `problem` says keeps it from going on, such as a suspended organisation. It goes on by
    itself.
    """
    problem: str | None
    """Code of what keeps the next stamps from being reserved."""
    files: Mapping[Outcome, int]
    """How many files there are in each state."""
    created_at: datetime
    started_at: datetime | None
    cancelled_at: datetime | None


@post(PATH, opt=operation(scope="bundles:write"), status_code=201)
async def open_new_bundle(
    data: BundleOrder, caller: Caller, once: Once, service: Service
) -> Response[Bundle]:
    """Opens a bundle. Name its files next, then upload their content, then start it."""
    rule = Rule(
        wanted=data.place,
        again=data.stamp_again,
        profile=Profile.SIGN_LATER if data.sign_later else Profile.FINAL,
    )
    await open_bundle(
        service.db,
        customer_id=caller.account_holder,
        bundle_id=once.id,
        door="api",
        now=service.clock(),
        organisation_id=caller.organisation_id,
        rule=rule,
    )
    return await _shown(service, caller, write_id(Prefix.BUNDLE, once.id))


@get(PATH + "/{bundle_id:str}", opt=operation(scope="bundles:read"))
async def read_bundle(bundle_id: BundleId, caller: Caller, service: Service) -> Response[Bundle]:
    """Says how far a bundle is."""
    return await _shown(service, caller, bundle_id)


@post(
    PATH + "/{bundle_id:str}/start",
    opt=operation(
        scope="bundles:write",
        refuses={
            "bundle.cancelled": Kind.CONFLICT,
            "bundle.changed": Kind.CONFLICT,
            "facts.missing": Kind.INVALID,
            "client.day_cap": Kind.BUSY,
            "client.hour_cap": Kind.BUSY,
            "partner.day_limit": Kind.BUSY,
            "partner.document_limit": Kind.CONFLICT,
            "partner.not_active": Kind.CONFLICT,
            "quota.missing": Kind.CONFLICT,
            "quota.unknown": Kind.NOT_FOUND,
        },
    ),
    status_code=202,
)
async def start_stamping_bundle(
    bundle_id: BundleId, data: BundleStart, caller: Caller, service: Service
) -> Response[Bundle]:
    """Gives all documents that are ready to stamping. Quota is reserved in parts.

    Starting again stamps nothing twice.
    """
    found = await counts_of(service, caller, bundle_id)
    rule, now, today = found.rule or Rule(), service.clock(), await now_of(service, caller)

    async def count(tx: Connection, pieces: int) -> None:
        await count_bundle(
            tx,
            found.id,
            organisation_id=caller.organisation_id,
            pieces=pieces,
            client_id=caller.client_id,
            now=today,
        )

    async def reserve() -> int:
        return await start_bundle(
            service.db,
            bundle_id=found.id,
            customer_id=caller.account_holder,
            rule=rule,
            lots=await lots_of(service.db)(caller.organisation_id, caller.account_holder),
            expected=data.documents,
            again=rule.again,
            short=data.wait_for_quota,
            before=count,
            after=note_bundle_jobs,
            now=now,
        )

    await retry_with_new_count(reserve)
    return await _shown(service, caller, bundle_id)


@post(PATH + "/{bundle_id:str}/cancel", opt=operation(scope="bundles:write"), status_code=200)
async def stop_bundle(bundle_id: BundleId, caller: Caller, service: Service) -> Response[Bundle]:
    """Cancels a bundle. Stamps that are reserved already are made; nothing else is spent."""
    found = await counts_of(service, caller, bundle_id)
    await cancel_bundle(
        service.db, bundle_id=found.id, customer_id=caller.account_holder, now=service.clock()
    )
    return await _shown(service, caller, bundle_id)


async def counts_of(service: App, caller: Caller, bundle_id: str) -> BundleCounts:
    """Finds a bundle of the caller. Raises: api.unknown_id (404)."""
    id = id_of(Prefix.BUNDLE, bundle_id)
    found = await bundle_counts(service.db, id, customer_id=caller.account_holder)
    if found is None:
        raise unknown_id()
    return found


async def _shown(service: App, caller: Caller, bundle_id: str) -> Response[Bundle]:
    found = await counts_of(service, caller, bundle_id)
    shown = Bundle(
        id=bundle_id,
        state=_state(found),
        problem=found.halt_code,
        files={outcome: found.count(outcome) for outcome in Outcome},
        created_at=found.created_at,
        started_at=found.started_at,
        cancelled_at=found.cancelled_at,
    )
    return Response(shown, headers={"Location": f"{PATH}/{bundle_id}"})


def _state(found: BundleCounts) -> str:
    if found.moving:
        if found.halt_code is None:
            return "stamping"
        return "waiting_for_quota" if found.halt_code in _NO_QUOTA else "halted"
    if found.cancelled_at is not None:
        return "cancelled"
    return "open" if found.started_at is None else "ended"


ROUTES: list[Any] = [open_new_bundle, read_bundle, start_stamping_bundle, stop_bundle]
