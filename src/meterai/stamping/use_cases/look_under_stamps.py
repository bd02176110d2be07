"""Looks what the stamps of a document would cover, before their places are stored."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from meterai.jail.pool import JailPool
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.files.object_store import ObjectStore
from meterai.pdf.ink_kinds import Ink
from meterai.pdf.profiles import Profile
from meterai.stamping.placement import Placement
from meterai.stamping.queries import DocumentPage, read_checked
from meterai.stamping.requests import PlacesRequest, PlacesSeen
from meterai.stamping.use_cases.place_stamps import check_placements, chosen_profile

LOOK_UNDER = "meterai.stamping.in_jail.places.covering:look_under"


async def look_under_stamps(
    jail: JailPool,
    objects: ObjectStore,
    document: DocumentPage,
    placements: Sequence[Placement],
    *,
    profile: Profile | None = None,
) -> list[Placement]:
    """Returns the places with what each covers. The jail is asked only about places that it has not seen.

    `profile`: the one that the document will have (None: unchanged). Its file may have other fields.

    Raises: Refusal INVALID `placement.covers` where the file carries a signature and a place is not free; as
    `check_placements`, and as the jail.
    """
    check_placements(document.inspection, placements)
    changes = document.other_object and chosen_profile(document.profile, profile) is not document.profile
    stored = {} if changes else {place.spot: place.covers for place in document.placements}
    known = [_with(place, stored.get(place.spot, None if changes else place.covers)) for place in placements]
    unknown = [place for place in known if place.covers is None]
    if unknown:
        key = document.other_object if changes else document.input_object
        seen = await _ask(jail, objects, document, str(key), unknown)
        known = [seen.get(place.spot, place) for place in known]
    if document.profile is Profile.SIGNED:
        _refuse_covering(known)
    return known


def refuse_unsettled(placement: Placement) -> None:
    """Refuses a place that covers something, unless a person agreed.

    Raises: Refusal INVALID `placement.over_text`, `placement.over_drawing`, `placement.over_field`.
    """
    if not placement.is_settled:
        raise Refusal(Kind.INVALID, placement.cover_code or "placement.over_drawing", page=placement.page)


async def _ask(
    jail: JailPool, objects: ObjectStore, document: DocumentPage, key: str, places: list[Placement]
) -> dict[tuple[int, float, float, float], Placement]:
    request = PlacesRequest(
        data=await read_checked(objects, key),
        placements=places,
        signed=document.profile is Profile.SIGNED,
    )
    seen = await jail.run(LOOK_UNDER, request, PlacesSeen, owner=str(document.document_id))
    return {place.spot: place for place in seen.placements}


def _with(place: Placement, covers: Ink | None) -> Placement:
    """The place with what it covers. An agreement to other ink is forgotten."""
    same = covers is not None and covers == place.covers
    return msgspec.structs.replace(place, covers=covers, may_cover=place.may_cover and same)


def _refuse_covering(placements: Sequence[Placement]) -> None:
    for place in placements:
        if place.covers:
            raise Refusal(Kind.INVALID, "placement.covers", page=place.page)
