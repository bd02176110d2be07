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
from meterai.pdf.requests import Inspection, PageSize
from meterai.stamping.placement import Placement, Position, fitting_size, named_placement
from meterai.stamping.wanted_places import WantedPlace

FILES_MAX = 100_000
"""Largest number of files in one bundle."""
PART = 256
"""Stamps reserved together. A bundle of more files gets its stamps part by part."""


class BundleRoom(msgspec.Struct, frozen=True, kw_only=True):
    """What one bundle may hold."""

    files_max: int = FILES_MAX
    bytes_max: int | None = None
    """Of all its files together; None: as much as the disk takes."""
    photos: bool = False
    """Whether each photo becomes a document. A person then looks at it before the start."""


COMMAND_ROOM = BundleRoom(files_max=5000)
"""The room of `meterai stamp`, which keeps its report in memory."""
PARTNER_ROOM = BundleRoom()
"""The room of a partner's bundle."""
PATH_CHARACTERS_MAX = 400
STAMPED_ALREADY = "pdf.notice.stamped_already"
"""Notice of a file that carries a stamp already. It gets another one only on request."""
LEFT_OUT = "bundle.stamped_already"
"""Why such a file was not stamped."""

Door = Literal["web", "cli", "api"]


class EndPages(msgspec.Struct, frozen=True, kw_only=True):
    """The number of a document's pages, and the sizes of the two on which a rule places stamps."""

    pages: int
    first: PageSize
    last: PageSize


def end_pages(inspection: Inspection) -> EndPages:
    """Reads them from an inspection."""
    pages = inspection.pages
    return EndPages(pages=len(pages), first=pages[0], last=pages[-1])


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """Where each document of a bundle gets its one stamp, and what may follow the stamp."""

    position: Position | None = None
    """None: the place proposed for each document."""
    page: Literal["first", "last"] = "last"
    """Page of a named position."""
    wanted: WantedPlace | None = None
    """Of a partner's bundle: where the stamp goes. The file is placed when its content comes."""
    again: bool = False
    """Of a partner's bundle: whether files that carry a stamp get another one."""
    profile: Profile = Profile.FINAL
    """Whether others will sign afterwards. A file that carries signatures keeps its own profile."""

    def place(self, ends: EndPages, proposed: Placement) -> Placement:
        """The stamp's place on one document. On a small page the stamp is made smaller if necessary."""
        if self.position is None:
            return proposed
        page, seen = (1, ends.first) if self.page == "first" else (ends.pages, ends.last)
        size = fitting_size(seen.width_pt, seen.height_pt)
        return named_placement(
            self.position, page=page, width_pt=seen.width_pt, height_pt=seen.height_pt, size=size
        )

    def spot(
        self, ends: EndPages, stored: Placement, *, by_hand: bool, looked: Placement | None
    ) -> Placement:
        """The place where a person put the stamp, else the one by the rule, with what it covers if known."""
        return _as_looked(stored if by_hand else self.place(ends, stored), looked)


def _as_looked(place: Placement, looked: Placement | None) -> Placement:
    """The place with what the jail saw there, if that is where it looked last."""
    is_known = place.covers is None and looked is not None and looked.spot == place.spot
    return msgspec.structs.replace(place, covers=looked.covers) if looked and is_known else place


class Outcome(StrEnum):
    """State of one file of a bundle."""

    EXPECTED = "expected"
    """Named; its content has not come yet."""
    READY = "ready"
    """Checked; nothing is reserved for it yet."""
    WAITING = "waiting"
    """Given to stamping; its stamp is reserved with one of the next parts."""
    STAMPING = "stamping"
    """Its stamp is reserved and its serial number is allocated. The workers finish it, also after a crash."""
    STAMPED = "stamped"
    UNFIT = "unfit"
    """Refused by the check. No quota was used."""
    REFUSED = "refused"
    """Refused while it was being stamped. Its quota is free again."""
    EXPIRED = "expired"
    """The retention of an unstamped document ended."""


UNDER_WAY = (Outcome.WAITING, Outcome.STAMPING, Outcome.STAMPED)
"""States of files that are given to stamping or done."""
MOVING = (Outcome.WAITING, Outcome.STAMPING)
"""States of files that will still change by themselves."""


class BundleFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a bundle and its state."""

    id: UUID
    path: str
    sha256: str
    """SHA-256 of the file as it was added."""
    bytes: int
    outcome: Outcome
    document_id: UUID | None
    kept_until: datetime | None
    """When it is deleted, unless it is given to stamping before."""
    pages: int | None
    profile: Profile | None
    notices: tuple[str, ...]
    """What stamping removes or reports: see `Inspection`."""
    code: str | None
    """Why it was refused, or why its last attempt did not finish (it is then tried again)."""
    facts: Mapping[str, Any]
    serial: SerialNumber | None
    """Its serial number, allocated or released."""
    stamped_sha256: str | None
    """SHA-256 of the newest version of the released file."""
    stamped_bytes: int | None
    earlier_sha256: tuple[str, ...]
    """SHA-256 of its earlier versions."""

    @property
    def stamped_already(self) -> bool:
        """Whether it can be stamped and carried a stamp when it was added."""
        return self.outcome is Outcome.READY and STAMPED_ALREADY in self.notices


class BundleHead(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a bundle without its files."""

    id: UUID
    customer_id: UUID
    door: Door
    created_at: datetime
    started_at: datetime | None
    cancelled_at: datetime | None
    halt_code: str | None
    """Why no stamps could be reserved for the next part; None: nothing is in its way."""
    rule: Rule | None
    """Where its stamps go. None: not chosen yet."""


class EndedBundle(msgspec.Struct, frozen=True, kw_only=True):
    """A bundle of which no more stamps will be made."""

    id: UUID
    organisation_id: UUID
    is_cancelled: bool


class Bundle(BundleHead, frozen=True, kw_only=True):
    """A bundle with its files, sorted by path."""

    files: tuple[BundleFile, ...]

    def count(self, *outcomes: Outcome) -> int:
        """Counts the files in one of these states."""
        return sum(file.outcome in outcomes for file in self.files)

    @property
    def kept_until(self) -> datetime | None:
        """Until when every file that is ready now can be stamped; None when no file is ready."""
        ends = (file.kept_until for file in self.files if file.outcome is Outcome.READY)
        return min((end for end in ends if end is not None), default=None)

    @property
    def moving(self) -> bool:
        """Whether the workers still have files to stamp."""
        return self.count(*MOVING) > 0


class BundleCounts(BundleHead, frozen=True, kw_only=True):
    """A bundle with the counts of its files by state."""

    files: Mapping[Outcome, int]
    left_out: int
    """Files that are ready and carried a stamp when they were added."""

    def count(self, *outcomes: Outcome) -> int:
        """Counts the files in one of these states."""
        return sum(self.files.get(outcome, 0) for outcome in outcomes)

    @property
    def moving(self) -> bool:
        """Whether the workers still have files to stamp."""
        return self.count(*MOVING) > 0


def bundle_id(customer_id: UUID, name: str) -> UUID:
    """Makes the id of a customer's bundle from its name, so that asking twice opens the same bundle."""
    return derived_id("bundle", customer_id, name)


def file_id(bundle: UUID, path: str, sha256: str) -> UUID:
    """Makes the id of a file in a bundle from its path and content."""
    return derived_id("bundle_file", bundle, path, sha256)


def share_out(lots: Sequence[tuple[UUID, int]], pieces: int) -> list[UUID]:
    """Chooses a lot for each of `pieces` stamps, the oldest lot first. Fewer when the lots hold too few."""
    chosen: list[UUID] = []
    for lot, available in lots:
        chosen += [lot] * min(max(available, 0), pieces - len(chosen))
    return chosen
