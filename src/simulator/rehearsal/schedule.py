"""Which parts fail when: a schedule in shares of the rehearsal, as a file or the default."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec


class FaultKind(StrEnum):
    """What can be made to fail from outside, on one machine."""

    GATEWAY_DOWN = "gateway_down"  # the payment gateway answers nothing, then comes back
    JAIL_KILLED = "jail_killed"
    SIGNER_KILLED = "signer_killed"
    WORKER_KILLED = "worker_killed"
    GATE_KILLED = "gate_killed"
    DATABASE_RESTARTED = "database_restarted"


LASTING: Final = frozenset({FaultKind.GATEWAY_DOWN})
"""These last; the others strike once and the launcher puts things right."""


class PlannedFault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One fault. `at`: share of the rehearsal, 0 to 1; `seconds`: how long it lasts, for those that last."""

    kind: FaultKind
    at: float
    seconds: float = 0.0


class Schedule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All faults of a rehearsal."""

    faults: tuple[PlannedFault, ...]


def default_schedule(seconds: float) -> Schedule:
    """Every kind once; the gateway is away for 2 minutes, at most a fifth of the rehearsal."""
    away = min(120.0, seconds / 5)
    places = {
        FaultKind.GATEWAY_DOWN: 0.15,
        FaultKind.JAIL_KILLED: 0.42,
        FaultKind.SIGNER_KILLED: 0.52,
        FaultKind.WORKER_KILLED: 0.60,
        FaultKind.GATE_KILLED: 0.68,
        FaultKind.DATABASE_RESTARTED: 0.78,
    }
    return Schedule(
        tuple(
            PlannedFault(kind=kind, at=at, seconds=away if kind in LASTING else 0.0)
            for kind, at in places.items()
        )
    )


def read_schedule(name: str, seconds: float) -> Schedule:
    """`default`, `none`, or a TOML file with [[faults]]. Raises: ValueError with what is wrong."""
    if name == "default":
        return default_schedule(seconds)
    if name == "none":
        return Schedule(())
    try:
        schedule = msgspec.toml.decode(Path(name).read_bytes(), type=Schedule)
    except (OSError, ValueError) as error:
        raise ValueError(f"--faults {name}: {error}") from None
    if not all(0 <= fault.at <= 1 and 0 <= fault.seconds <= seconds for fault in schedule.faults):
        raise ValueError(f"--faults {name}: `at` is from 0 to 1, `seconds` at most the rehearsal's")
    return schedule
