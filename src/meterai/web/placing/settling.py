"""Settles what the stamps of the placing form cover: nothing, or what the person agreed to."""

from __future__ import annotations

from typing import Any

import msgspec

from meterai.kernel.refusals import Refusal
from meterai.stamping.placement import Placement
from meterai.stamping.queries import DocumentPage
from meterai.stamping.use_cases.look_under_stamps import look_under_stamps, refuse_unsettled
from meterai.web.placing.placing import TypedPlacement
from meterai.web.placing.placing_form import WantedPlacements
from meterai.web.requests.forms import Form
from meterai.web.requests.request_context import RequestContext

_TICK = "menutupi"
"""Field of the tick "Biarkan menutupi". Its value names the place that the person saw; it is for no other."""
_OVER = "placement.over_"


def covering_context(place: Placement, refusal: Refusal | None) -> dict[str, Any]:
    """The values for covering.html: what the stamp in hand covers, if that is known, and the tick."""
    told = refusal.code if refusal else ""
    return {
        "cover": told if told.startswith(_OVER) else place.cover_code,
        "tick": _TICK,
        "tick_value": f"{place.page} {place.x:.2f} {place.y:.2f}",
    }


async def settle(
    context: RequestContext,
    form: Form,
    document: DocumentPage,
    wanted: WantedPlacements,
    typed: TypedPlacement,
) -> WantedPlacements:
    """Returns the wanted stamps with what each covers, and with the person's word on the one in hand.

    People go on when all are settled. Else the next one that covers something is shown.

    Raises: Refusal INVALID `placement.over_*` when the stamp in hand covers something and nobody ticked it;
    as `look_under_stamps`.
    """
    service, in_hand = context.service, typed.placement.spot
    seen = await look_under_stamps(
        service.jail, service.objects, document, wanted.placements, profile=typed.profile
    )
    placements = [_with_word(place, form) if place.spot == in_hand else place for place in seen]
    for place in placements:
        if place.spot == in_hand:
            refuse_unsettled(place)
    unsettled = next((n for n, place in enumerate(placements) if not place.is_settled), None)
    return WantedPlacements(placements, unsettled if wanted.show is None else wanted.show)


def _with_word(place: Placement, form: Form) -> Placement:
    """The place with the person's word. Without a tick an earlier word is taken back."""
    ticked = bool(place.covers) and _is_near(form.text(_TICK), place)
    return msgspec.structs.replace(place, may_cover=ticked)


def _is_near(ticked: str, place: Placement) -> bool:
    """Whether the tick was drawn for this place: forms carry coordinates with two decimals."""
    try:
        page, x, y = (float(part) for part in ticked.split())
    except ValueError:
        return False
    return page == place.page and abs(x - place.x) < 0.02 and abs(y - place.y) < 0.02
