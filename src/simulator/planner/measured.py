"""What the service bears: from the JSON of a bench, or a number."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

FURTHER_STAMP_COST: Final = 0.55
"""What each stamp after the first costs, as a share of a journey with one. A guess from the CPU time of
`bench order`: upload, page image, placing and stamping are about 30 of 57 ms."""
USABLE: Final = 0.9
"""Of the measured rate: admission adapts below the brink, not on it."""
JOURNEYS_GOAL: Final = 60.0
_RATE_MIN, _RATE_MAX = 0.001, 1e6
_ALL_OF_IT: Final = 0.95
"""Share of the offered load. A benchmark that finished this much might have finished more."""
GATE_JOINS_GOAL: Final = 8_000.0
GATE_POLLS_GOAL: Final = 20_000.0


type Basis = Literal["measured", "at_least", "given", "goal", "hosts"]
"""Where a figure is from; `at_least`: from a bench that offered no more; `hosts`: reckoned from hosts."""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What one machine did in a bench, a second."""

    journeys: float
    """Finished, with `stamps` each."""
    stamps: int = 1
    joins: float = GATE_JOINS_GOAL
    """At the gate."""
    polls: float = GATE_POLLS_GOAL
    basis: Basis
    """Of the journeys."""
    joins_basis: Basis = "goal"
    polls_basis: Basis = "goal"
    source: str = ""
    """Name of the bench's result, of the journeys."""

    def journeys_with(self, stamps: int) -> float:
        """Journeys a second that can be counted on, for a number of stamps in each."""
        cost = (1 + FURTHER_STAMP_COST * (stamps - 1)) / (1 + FURTHER_STAMP_COST * (self.stamps - 1))
        return self.journeys * USABLE / cost


class _Bench(msgspec.Struct):
    finished_per_second: Annotated[float, msgspec.Meta(ge=_RATE_MIN, le=_RATE_MAX)] | None = None
    offered_per_second: float = float("inf")
    """The benchmark is one in which people come at a set rate."""
    lost: int = 0
    stamps: Annotated[int, msgspec.Meta(ge=1, le=10)] = 1
    joins_per_second: Annotated[float, msgspec.Meta(ge=0, le=_RATE_MAX)] = 0.0
    """0, as for polls: not measured."""
    polls_per_second: Annotated[float, msgspec.Meta(ge=0, le=_RATE_MAX)] = 0.0

    @property
    def basis(self) -> Basis:
        """Of what was finished."""
        offered = self.offered_per_second
        return "at_least" if (self.finished_per_second or 0) >= _ALL_OF_IT * offered else "measured"


def read_measured(texts: list[str]) -> Measured:
    """From numbers (journeys a second with one stamp) and paths of bench results; a later one goes before the
    earlier ones in what it holds. Nothing: the goal, and it is said that it is not measured.

    Raises: ValueError naming what can't be read.
    """
    found = Measured(journeys=JOURNEYS_GOAL, basis="goal")
    for text in texts:
        bench, source = _read(text)
        known: dict[str, object] = {}
        if bench.joins_per_second > 0:
            known |= {"joins": bench.joins_per_second, "joins_basis": "measured"}
        if bench.polls_per_second > 0:
            known |= {"polls": bench.polls_per_second, "polls_basis": "measured"}
        if bench.finished_per_second is not None:
            basis = bench.basis if source else "given"
            known |= {"journeys": bench.finished_per_second, "stamps": bench.stamps}
            known |= {"source": source, "basis": basis}
        if not known:
            raise ValueError(f"{text} holds no finished_per_second, joins_per_second or polls_per_second")
        found = msgspec.structs.replace(found, **known)
    return found


def _read(text: str) -> tuple[_Bench, str]:
    try:
        given = float(text)
    except ValueError:
        pass
    else:
        if not _RATE_MIN <= given <= _RATE_MAX:
            raise ValueError(f"--capacity {text}: from {_RATE_MIN} to {_RATE_MAX:,.0f} journeys a second")
        return _Bench(finished_per_second=given), ""
    try:
        bench = msgspec.json.decode(Path(text).read_bytes(), type=_Bench)
    except msgspec.ValidationError as error:
        raise ValueError(f"{text} holds what no bench finds: {error}") from None
    except (OSError, msgspec.MsgspecError) as error:
        raise ValueError(f"{text} is neither a number nor the JSON of a bench: {error}") from None
    if bench.lost:
        raise ValueError(
            f"{text}: {bench.lost} had paid and got nothing, so what was finished is no capacity"
        )
    return bench, Path(text).name
