"""What a kind of change is, and which verdicts are right for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from meterai.pdf.profiles import Profile
from meterai.verification.model import Verdict
from tests.attacks.bases import Bases
from tests.attacks.raw import Anatomy, anatomy
from tests.attacks.signing import Box
from tests.changes.pages import PageKind

Verdicts = frozenset[Verdict]


@dataclass(frozen=True)
class Start:
    """A sealed file to change, and what is known of it."""

    data: bytes
    bases: Bases
    profile: Profile
    page: PageKind

    @cached_property
    def parts(self) -> Anatomy:
        return anatomy(self.data)

    @property
    def open(self) -> bool:
        """Whether its stamp allows others to sign later."""
        return self.profile is Profile.SIGN_LATER

    def box(self, x: float, y: float, width: float, height: float) -> Box:
        """A place of this size in points on paper, whatever the page's unit is."""
        unit = self.page.unit
        return int(x), int(y), int(x + width / unit), int(y + height / unit)


Make = Callable[[Start], bytes | None]
"""Returns the changed file; None where the change does not apply."""
Right = Callable[[Start], Verdicts]


def one_of(*verdicts: Verdict) -> Right:
    return lambda _: frozenset(verdicts)


def if_open(right: Right) -> Right:
    """This where the stamp allows others to sign; elsewhere the file must be refused."""
    return lambda start: right(start) if start.open else REFUSED(start)


REFUSED = one_of(Verdict.NOT_GENUINE, Verdict.CANNOT_CHECK)
CHANGED = one_of(Verdict.NOT_GENUINE)
GONE = one_of(Verdict.NOT_GENUINE, Verdict.CANNOT_CHECK, Verdict.NO_STAMP)
"""For a change that leaves no signature in the file."""
HARMLESS = one_of(Verdict.GENUINE, Verdict.NOT_GENUINE, Verdict.CANNOT_CHECK)
"""For a revision that changes nothing that anybody sees or reads."""
GENUINE = one_of(Verdict.GENUINE)
ADDED = one_of(Verdict.WITH_ADDITIONS)
ADDED_IF_OPEN = if_open(ADDED)


@dataclass(frozen=True)
class Kind:
    """One kind of change."""

    subject: str
    name: str
    make: Make
    right: Right = REFUSED

    @property
    def id(self) -> str:
        return f"{self.subject}: {self.name}"


def kinds(subject: str, makers: Mapping[str, Make], *, right: Right = REFUSED) -> list[Kind]:
    return [Kind(subject=subject, name=name, make=make, right=right) for name, make in makers.items()]


def by_name(every: Iterable[Kind]) -> dict[str, Kind]:
    """Raises: ValueError when two have one name."""
    found: dict[str, Kind] = {}
    for kind in every:
        if found.setdefault(kind.id, kind) is not kind:
            raise ValueError(f"twice: {kind.id}")
    return found
