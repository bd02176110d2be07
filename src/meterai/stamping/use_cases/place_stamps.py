"""Sets the places of a document's stamps."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.pdf.profiles import CHOICES, Profile
from meterai.pdf.requests import Inspection
from meterai.stamping import queries
from meterai.stamping.model import STAMPS_MAX, OutputVerdict
from meterai.stamping.output_limits import with_stamps
from meterai.stamping.placement import Placement, check_placement, overlap
from meterai.stamping.store import documents


async def place_stamps(
    db: Database, document_id: UUID, placements: Sequence[Placement], *, profile: Profile | None = None
) -> OutputVerdict:
    """Moves the stamps of a document, and says whether the stamped file will still be within its limits.

    `profile`: whether others will sign afterwards (None: unchanged). A file that carries signatures keeps its
    own.

    Raises: Refusal NOT_FOUND `document.unknown`; INVALID `document.no_stamps`, `document.too_many_stamps`,
    `placement.page`, `placement.size`, `placement.outside`, `placement.overlap`; CONFLICT
    `document.stamped_already`.
    """
    page = await queries.document_page(db, document_id)
    if page is None:
        raise Refusal(Kind.NOT_FOUND, "document.unknown")
    check_placements(page.inspection, placements)
    output = with_stamps(page.output, len(page.placements), len(placements), page.limits)
    chosen = chosen_profile(page.profile, profile)
    async with db.connection() as connection:  # one statement is one transaction
        moved = await documents.set_placements(connection, document_id, placements, output, profile=chosen)
    same = chosen is page.profile and tuple(placements) == page.placements
    if not moved and not same:  # the same form again is no error
        raise Refusal(Kind.CONFLICT, "document.stamped_already")
    return output


def chosen_profile(stored: Profile, wanted: Profile | None) -> Profile:
    """The profile after a person's choice. A file that carries signatures leaves none."""
    return stored if wanted not in CHOICES or stored is Profile.SIGNED else wanted


def check_placements(inspection: Inspection, placements: Sequence[Placement]) -> None:
    """Checks number and places of stamps.

    Raises: the refusals `document.*` and `placement.*` of `place_stamps`.
    """
    if not placements:
        raise Refusal(Kind.INVALID, "document.no_stamps")
    if len(placements) > STAMPS_MAX:
        raise Refusal(Kind.INVALID, "document.too_many_stamps", stamps_max=STAMPS_MAX)
    pages = len(inspection.pages)
    for number, placement in enumerate(placements):
        seen = inspection.pages[min(max(placement.page, 1), pages) - 1]
        check_placement(placement, pages=pages, width_pt=seen.width_pt, height_pt=seen.height_pt)
        if any(overlap(placement, other) for other in placements[:number]):
            raise Refusal(Kind.INVALID, "placement.overlap", page=placement.page)
