"""Looks whether stamps on a signed file would cover anything, before their places are stored."""

from __future__ import annotations

from collections.abc import Sequence

from meterai.jail.pool import JailPool
from meterai.kit.files.object_store import ObjectStore
from meterai.pdf.profiles import Profile
from meterai.stamping.placement import Placement
from meterai.stamping.queries import DocumentPage, read_checked
from meterai.stamping.requests import PlacesAreFree, PlacesRequest
from meterai.stamping.use_cases.place_stamps import check_placements

_CHECK = "meterai.stamping.in_jail.free_places:check_places"


async def check_free_places(
    jail: JailPool, objects: ObjectStore, document: DocumentPage, placements: Sequence[Placement]
) -> None:
    """Checks the places that differ from the stored ones, which were checked. Other files may be covered.

    Raises: Refusal INVALID `placement.covers`; as `check_placements`, and as the jail.
    """
    check_placements(document.inspection, placements)
    moved = [placement for placement in placements if placement not in document.placements]
    if document.profile is Profile.SIGNED and moved:
        request = PlacesRequest(data=await read_checked(objects, document.input_object), placements=moved)
        await jail.run(_CHECK, request, PlacesAreFree, owner=str(document.document_id))
