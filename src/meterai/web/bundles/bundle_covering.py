"""What the stamps of a bundle cover: it is looked at before the start, and people may agree to it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.pdf.profiles import Profile
from meterai.stamping.bundles.queries import has_bundle
from meterai.stamping.bundles.ready_files import ready_files
from meterai.stamping.use_cases.look_under_bundle import look_under_bundle
from meterai.stamping.use_cases.place_in_bundle import place_in_bundle
from meterai.web.account.acting import Acting
from meterai.web.bundles.bundle_view import BundleView
from meterai.web.requests.request_context import RequestContext

LOOKING = timedelta(seconds=45)
"""How long one press may keep the jails busy. The next one goes on."""


async def look_at_places(context: RequestContext, whose: Acting, bundle_id: UUID, view: BundleView) -> bool:
    """Looks under the places of the view's rule. Returns whether all are known.

    Raises: Refusal NOT_FOUND `bundle.unknown`; as `look_under_bundle`.
    """
    await refuse_strangers(context, whose, bundle_id)
    service = context.service
    return await look_under_bundle(
        service.db,
        service.jail,
        service.objects,
        bundle_id=bundle_id,
        rule=view.rule,
        clock=service.clock,
        until=service.clock() + LOOKING,
    )


async def let_cover(
    context: RequestContext, whose: Acting, bundle_id: UUID, file_id: UUID, view: BundleView
) -> None:
    """Notes that the stamp of one file may cover what it covers where the page shows it."""
    await refuse_strangers(context, whose, bundle_id)
    for file in await ready_files(context.service.db, bundle_id, only=file_id):
        place = file.spot(view.rule)[0]
        if place.covers and file.profile is not Profile.SIGNED:
            await place_in_bundle(
                context.service.db,
                bundle_id=bundle_id,
                customer_id=whose.customer_id,
                file_id=file_id,
                placement=msgspec.structs.replace(place, may_cover=True),
            )


async def refuse_strangers(context: RequestContext, whose: Acting, bundle_id: UUID) -> None:
    """Refuses a bundle that the customer does not have. Raises: Refusal NOT_FOUND `bundle.unknown`."""
    if not await has_bundle(context.service.db, bundle_id, customer_id=whose.customer_id):
        raise Refusal(Kind.NOT_FOUND, "bundle.unknown")
