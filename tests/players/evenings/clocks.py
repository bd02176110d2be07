"""The clocks of an evening: true time, which the play moves, and clocks of machines, which may be wrong."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Clocks:
    """Seconds that each part is ahead of true time. `all_ahead`: of all parts, as on one machine."""

    now: float
    """True time, in Unix seconds."""
    all_ahead: float = 0.0
    ahead: dict[str, float] = field(default_factory=dict)

    def of(self, part: str) -> float:
        """The time that a part's clock shows."""
        return self.now + self.all_ahead + self.ahead.get(part, 0.0)
