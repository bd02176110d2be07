"""The files of a bundle that can be stamped, with the places of their stamps, and which of them stand out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from meterai.kit.database import Database
from meterai.pdf.profiles import Profile
from meterai.pdf.requests import PageSize
from meterai.stamping.bundles.model import STAMPED_ALREADY, EndPages, Rule
from meterai.stamping.placement import Placement

MANY = 3
"""With fewer files there is no usual one."""
_SAME_PT = 6.0
"""Scanners cut the same paper to slightly different sizes."""


class Oddity(StrEnum):
    """Why people should look at a file before they stamp it."""

    STAMPED = "stamped"
    COVERS = "covers"
    PHOTO = "photo"
    SIDEWAYS = "sideways"
    SIZE = "size"
    PAGE = "page"


class ReadyFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that can be stamped. Its page sizes are those that its stamp may need."""

    id: UUID
    path: str
    bytes: int
    document_id: UUID
    kept_until: datetime
    profile: Profile
    notices: tuple[str, ...]
    ends: EndPages
    placement: Placement
    """The place of its stamp: proposed, or chosen by a person."""
    placed_on: PageSize
    proposed: Placement
    """The place that was proposed for it."""
    proposed_on: PageSize
    looked: Placement | None
    """The place under which the jail looked last for a rule."""
    from_photo: bool
    by_hand: bool
    """Whether a person chose the place. No rule moves it then."""

    @property
    def stamped_already(self) -> bool:
        """Whether it carried a stamp when it was added."""
        return STAMPED_ALREADY in self.notices

    def spot(self, rule: Rule) -> tuple[Placement, PageSize]:
        """The place of its stamp by a rule, and the size of that page."""
        place = rule.spot(self.ends, self.placement, by_hand=self.by_hand, looked=self.looked)
        if self.by_hand or rule.position is None:
            return place, self.placed_on
        return place, self.ends.first if rule.page == "first" else self.ends.last


class OddFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file and what is odd about it, the gravest first; empty: nothing."""

    file: ReadyFile
    oddities: tuple[Oddity, ...]

    def at(self, spot: Placement) -> list[Oddity]:
        """What is odd about it with its stamp in this place."""
        of_place = {Oddity.PAGE: spot.page == self.file.proposed.page}
        of_place[Oddity.COVERS] = bool(spot.covers) and not spot.may_cover
        known = [*self.oddities, *({Oddity.COVERS} - {*self.oddities})]
        return [oddity for oddity in known if of_place.get(oddity, True)]


def odd_first(files: Sequence[ReadyFile]) -> list[OddFile]:
    """All files, those that stand out first, then by path. The gravest are those that cover something.

    The order follows from what was proposed. So it stays when a person moves a stamp.
    """
    usual = _Usual(files)
    found = [OddFile(file=file, oddities=tuple(usual.oddities_of(file))) for file in files]
    return sorted(
        found,
        key=lambda one: (Oddity.COVERS not in one.oddities, not one.oddities, one.file.path, one.file.id),
    )


class _Usual:
    """What most files have in common. There is nothing usual among a few, or without a majority."""

    def __init__(self, files: Sequence[ReadyFile]) -> None:
        self._size = _majority([_rounded(file.proposed_on) for file in files])
        self._from_end = _majority([_from_end(file) for file in files])

    def oddities_of(self, file: ReadyFile) -> list[Oddity]:
        found = []
        if file.stamped_already:
            found.append(Oddity.STAMPED)
        if file.proposed.covers or (file.looked and file.looked.covers):
            found.append(Oddity.COVERS)
        if file.from_photo:
            found.append(Oddity.PHOTO)
        if self._size is not None and not _alike(self._size, _rounded(file.proposed_on)):
            width, height = self._size
            turned = _alike((height, width), _rounded(file.proposed_on))
            found.append(Oddity.SIDEWAYS if turned else Oddity.SIZE)
        if self._from_end is not None and _from_end(file) != self._from_end:
            found.append(Oddity.PAGE)
        return found


def _majority[Value](values: Sequence[Value]) -> Value | None:
    """The value that more than half of them are."""
    if len(values) < MANY:
        return None
    ((value, count),) = Counter(values).most_common(1)
    return value if count * 2 > len(values) else None


def _from_end(file: ReadyFile) -> int:
    """How many pages follow the one with the stamp."""
    return file.ends.pages - file.proposed.page


def _rounded(page: PageSize) -> tuple[float, float]:
    return round(page.width_pt), round(page.height_pt)


def _alike(first: tuple[float, float], second: tuple[float, float]) -> bool:
    return all(abs(one - other) <= _SAME_PT for one, other in zip(first, second, strict=True))


async def ready_files(db: Database, bundle_id: UUID, *, only: UUID | None = None) -> list[ReadyFile]:
    """Lists the files of a bundle that can be stamped and were not given to stamping yet, by path.

    `only`: this file, if it is one of them. The caller has checked that the bundle is the customer's.
    """
    async with db.connection() as conn:
        rows = await conn.fetch(
            """SELECT f.id, f.path, f.bytes, f.document_id, d.retained_until AS kept_until, d.profile,
                   d.inspection -> 'notices' AS notices, f.proposed IS NOT NULL AS by_hand, f.looked,
                   d.photos <> '[]' AS from_photo,
                   jsonb_build_object('pages', jsonb_array_length(d.inspection -> 'pages'),
                       'first', d.inspection -> 'pages' -> 0, 'last', d.inspection -> 'pages' -> -1) AS ends,
                   d.placements -> 0 AS placement,
                   d.inspection -> 'pages' -> (d.placements -> 0 ->> 'page')::int - 1 AS placed_on,
                   coalesce(f.proposed, d.placements -> 0) AS proposed,
                   d.inspection -> 'pages' ->
                       (coalesce(f.proposed, d.placements -> 0) ->> 'page')::int - 1 AS proposed_on
               FROM stamping.bundle_file f JOIN stamping.document d ON d.id = f.document_id
               WHERE f.bundle_id = $1 AND ($2::uuid IS NULL OR f.id = $2) AND d.input_deleted_at IS NULL
                   AND NOT EXISTS (SELECT FROM stamping.job j WHERE j.document_id = d.id)
               ORDER BY f.path, f.id""",
            bundle_id,
            only,
        )
    return [_file(dict(row)) for row in rows]


def _file(row: dict[str, Any]) -> ReadyFile:
    return msgspec.convert(row, ReadyFile)
