"""Makes changed files and asks the judge. Counts verdicts, and lists the false ones."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from meterai.pdf.profiles import Profile
from meterai.verification.in_jail import judge
from meterai.verification.model import Judgement, JudgeRequest, Verdict
from tests.attacks.bases import Bases
from tests.changes.files import Files
from tests.changes.kind import Kind
from tests.changes.pages import PAGES
from tests.changes.registry import KINDS


@dataclass(frozen=True)
class Outcome:
    """One changed file and its verdict."""

    kind: str
    page: str
    profile: Profile
    verdict: Verdict
    reasons: tuple[str, ...]
    right: frozenset[Verdict]
    seconds: float

    @property
    def false(self) -> bool:
        return self.verdict not in self.right

    def __str__(self) -> str:
        wanted = " or ".join(sorted(self.right))
        return f"{self.kind} [{self.page}, {self.profile}]: {self.verdict} {self.reasons}, right: {wanted}"


def judged(files: Files, data: bytes) -> Judgement:
    moment = datetime.now(UTC) + timedelta(hours=1)
    return judge(JudgeRequest(data=data, trust=files.bases.stamper.trust, moment=moment))


def outcome(files: Files, kind: Kind, page: str, profile: Profile) -> Outcome | None:
    """None where the kind does not apply."""
    start = files.start(page, profile)
    data = kind.make(start)
    if data is None:
        return None
    began = time.perf_counter()
    found = judged(files, data)
    return Outcome(
        kind=kind.id,
        page=page,
        profile=profile,
        verdict=found.verdict,
        reasons=found.reasons,
        right=kind.right(start),
        seconds=time.perf_counter() - began,
    )


def places(kind: Kind) -> Iterator[tuple[str, Profile]]:
    """Every page and profile, beginning with another one for each kind."""
    every = [(page, profile) for page in PAGES for profile in Profile]
    first = sum(kind.id.encode()) % len(every)
    yield from every[first:] + every[:first]


def sample(files: Files, kind: Kind) -> Outcome | None:
    """The outcome at the first place where the kind applies."""
    return next((found for place in places(kind) if (found := outcome(files, kind, *place))), None)


def all_of(
    kinds: Iterable[str], pages: Iterable[str], profiles: Iterable[Profile], processes: int
) -> Iterator[list[Outcome]]:
    """The outcomes of each kind, as they are done."""
    wanted = [(page, profile) for page in pages for profile in profiles]
    with ProcessPoolExecutor(processes) as pool:
        waiting = [pool.submit(_of_kind, kind, wanted) for kind in kinds]
        for done in as_completed(waiting):
            yield done.result()


def _of_kind(kind: str, wanted: list[tuple[str, Profile]]) -> list[Outcome]:
    made = (outcome(_files(), KINDS[kind], page, profile) for page, profile in wanted)
    return [found for found in made if found is not None]


@cache
def _files() -> Files:
    """One for each process, with keys of its own."""
    return Files(Bases.make(Path(tempfile.mkdtemp(prefix="meterai-changes-"))))
