"""What the service bears: from the JSON of a bench, or a number."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import msgspec

FURTHER_STAMP_COST: Final = 0.55
"""What each stamp after the first costs, as a share of a journey with one. A guess from the CPU time of
`bench order`: upload, page image, placing and stamping are about 30 of 57 ms."""
USABLE: Final = 0.9
"""Of the measured rate: admission adapts below the brink, not on it."""
JOURNEYS_GOAL: Final = 60.0
_JOURNEYS_MAX: Final = 1e6
GATE_JOINS_GOAL: Final = 8_000.0
GATE_POLLS_GOAL: Final = 20_000.0


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What one machine did in a bench, a second."""

    journeys: float
    """Finished, with `stamps` each."""
    stamps: int = 1
    joins: float = GATE_JOINS_GOAL
    """At the gate."""
    polls: float = GATE_POLLS_GOAL
    basis: Literal["measured", "given", "goal"]
    source: str = ""
    """Name of the bench's result."""

    def journeys_with(self, stamps: int) -> float:
        """Journeys a second that can be counted on when each has so many stamps."""
        cost = (1 + FURTHER_STAMP_COST * (stamps - 1)) / (1 + FURTHER_STAMP_COST * (self.stamps - 1))
        return self.journeys * USABLE / cost


class _Bench(msgspec.Struct):
    finished_per_second: float = 0.0
    stamps: int = 1
    joins_per_second: float = 0.0
    polls_per_second: float = 0.0


def read_measured(texts: list[str]) -> Measured:
    """From numbers (journeys a second with one stamp) and paths of bench results; a later one goes before the
    earlier ones in what it holds. Nothing: the goal, and it is said that it is not measured.

    Raises: ValueError naming what can't be read.
    """
    found = Measured(journeys=JOURNEYS_GOAL, basis="goal")
    for text in texts:
        bench, source = _read(text)
        changes = {
            "journeys": bench.finished_per_second,
            "joins": bench.joins_per_second,
            "polls": bench.polls_per_second,
        }
        known: dict[str, object] = {name: value for name, value in changes.items() if value > 0}
        if bench.finished_per_second > 0:
            basis = "measured" if source else "given"
            known |= {"source": source, "basis": basis, "stamps": bench.stamps}
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
        if not 0.001 <= given <= _JOURNEYS_MAX:
            raise ValueError(f"--capacity {text}: from 0.001 to {_JOURNEYS_MAX:,.0f} journeys a second")
        return _Bench(finished_per_second=given), ""
    try:
        return msgspec.json.decode(Path(text).read_bytes(), type=_Bench), Path(text).name
    except (OSError, msgspec.MsgspecError) as error:
        raise ValueError(f"{text} is neither a number nor the JSON of a bench: {error}") from None
