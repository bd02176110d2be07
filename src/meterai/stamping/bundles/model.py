"""A bundle: many documents of one customer, checked first and then stamped together from quota."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

import msgspec

from meterai.kernel.ids import derived_id
from meterai.kernel.serial_number import SerialNumber
from meterai.pdf.profiles import Profile
from meterai.pdf.requests import Inspection
from meterai.stamping.placement import Placement, Position, fitting_size, named_placement

FILES_MAX = 5000
"""Files of one bundle."""
PATH_CHARACTERS_MAX = 400
STAMPED_ALREADY = "pdf.notice.stamped_already"
"""The notice of files that get another stamp only when somebody says so."""
LEFT_OUT = "bundle.stamped_already"
"""Why such a file was not stamped."""

Door = Literal["web", "cli"]


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """Where the stamp of every document goes, one stamp each, and what may come after it."""

    position: Position | None = None
    """None: the place proposed for each document, which is on its last page."""
    page: Literal["first", "last"] = "last"
    """Of a named position."""
    profile: Profile = Profile.FINAL
    """Whether others are to sign afterwards. A file that carries signatures keeps its own."""

    def place(self, inspection: Inspection, proposed: Placement) -> Placement:
        """The stamp's place on one document. On a small page the stamp is made smaller, if need be."""
        if self.position is None:
            return proposed
        page = 1 if self.page == "first" else len(inspection.pages)
        seen = inspection.pages[page - 1]
        size = fitting_size(seen.width_pt, seen.height_pt)
        return named_placement(
            self.position, page=page, width_pt=seen.width_pt, height_pt=seen.height_pt, size=size
        )


class Outcome(StrEnum):
    """How far one file is."""

    READY = "ready"
    """Checked; nothing is reserved for it yet."""
    STAMPING = "stamping"
    """Its stamp is reserved and its serial number allocated; the workers finish it, whatever crashes."""
    STAMPED = "stamped"
    UNFIT = "unfit"
    """Refused by the check: no quota was touched."""
    REFUSED = "refused"
    """Refused while it was being stamped: its quota is free again."""
    EXPIRED = "expired"
    """Kept longer than an unstamped document is kept."""


UNDER_WAY = (Outcome.STAMPING, Outcome.STAMPED)
"""What becomes of a file without anybody looking after it."""


class BundleFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file and how far it is."""

    id: UUID
    path: str
    sha256: str
    """Of the file as it came."""
    bytes: int
    outcome: Outcome
    document_id: UUID | None
    kept_until: datetime | None
    """Then it is deleted, unless it was given to stamping."""
    pages: int | None
    profile: Profile | None
    notices: tuple[str, ...]
    """What stamping removes or says: see `Inspection`."""
    code: str | None
    """Why it was refused, or why its last attempt did not finish (then it is tried again)."""
    facts: Mapping[str, Any]
    serial: SerialNumber | None
    """Allocated or released."""
    stamped_sha256: str | None
    """Of the released file, its newest version."""
    stamped_bytes: int | None
    earlier_sha256: tuple[str, ...]
    """Of its earlier versions."""

    @property
    def stamped_already(self) -> bool:
        """Whether it can be stamped, and carried a stamp when it came."""
        return self.outcome is Outcome.READY and STAMPED_ALREADY in self.notices


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """A bundle with its files in the order of their paths."""

    id: UUID
    customer_id: UUID
    door: Door
    created_at: datetime
    started_at: datetime | None
    files: tuple[BundleFile, ...]

    def count(self, *outcomes: Outcome) -> int:
        """Files with one of these outcomes."""
        return sum(file.outcome in outcomes for file in self.files)

    @property
    def kept_until(self) -> datetime | None:
        """Until when all that can be stamped now can be; None: there is nothing."""
        ends = (file.kept_until for file in self.files if file.outcome is Outcome.READY)
        return min((end for end in ends if end is not None), default=None)

    @property
    def moving(self) -> bool:
        """Whether the workers still have files in hand."""
        return any(file.outcome is Outcome.STAMPING for file in self.files)


def bundle_id(customer_id: UUID, name: str) -> UUID:
    """The id of a customer's bundle: the same name gives the same one, so that asking twice is no harm."""
    return derived_id("bundle", customer_id, name)


def file_id(bundle: UUID, path: str, sha256: str) -> UUID:
    """The id of a file in a bundle, by its path and content."""
    return derived_id("bundle_file", bundle, path, sha256)


def share_out(lots: Sequence[tuple[UUID, int]], pieces: int) -> list[UUID] | None:
    """A lot for each of so many pieces, the oldest lot first; None when the lots hold fewer."""
    chosen: list[UUID] = []
    for lot, available in lots:
        chosen += [lot] * min(max(available, 0), pieces - len(chosen))
    return chosen if len(chosen) == pieces else None
