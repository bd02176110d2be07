"""The facts of each kind of entry in the public log: one frozen value per kind, with bytes in hexadecimal.

Places and frontiers are integers below 2^64. They are written as decimal strings, because many JSON readers
hold numbers as floats.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import msgspec

from meterai.waiting_room.files.public_log import EntryKind
from meterai.waiting_room.files.published_documents import Number
from meterai.waiting_room.rules.model import Frontier, Lane, QueueState
from meterai.waiting_room.rules.state_causes import StateCause

CLOCK_SET_RIGHT: Final = "clock"
"""The controller's clock had been ahead. The value is the number of seconds. Time is cut again if windows
were closed."""


class EntryFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The facts of an entry."""

    what: ClassVar[EntryKind]


class ConfigFacts(EntryFacts, frozen=True, kw_only=True):
    """The signed rules, by the SHA-256 of the document as published."""

    what: ClassVar[EntryKind] = EntryKind.CONFIG
    sha256: str
    version: Number


class CloseFacts(EntryFacts, frozen=True, kw_only=True):
    """A window is over. `root`: of its join records; `sha256`: of the published document."""

    what: ClassVar[EntryKind] = EntryKind.CLOSE
    window: Number
    count: Number
    root: str
    sha256: str


class ChainFacts(EntryFacts, frozen=True, kw_only=True):
    """The commitment to a further chain of seeds, before anybody can join in a window that uses it."""

    what: ClassVar[EntryKind] = EntryKind.CHAIN
    number: Number
    commitment: str
    first_window: Number


class RevealFacts(EntryFacts, frozen=True, kw_only=True):
    """The seed of a window. Later in the log than the window's end."""

    what: ClassVar[EntryKind] = EntryKind.REVEAL
    window: Number
    link: str
    beacon: str
    seed: str


class FrontierFacts(EntryFacts, frozen=True, kw_only=True):
    """A frontier moved. Lane: `Lane.NEW` or `Lane.RETURNER`; `rate`: people a minute at that moment."""

    what: ClassVar[EntryKind] = EntryKind.FRONTIER
    lane: Lane
    window: Number
    x: str
    epoch: Number
    rate: Number

    @property
    def frontier(self) -> Frontier:
        """Where it stands now."""
        return Frontier(self.window, int(self.x))


class ClaimFacts(EntryFacts, frozen=True, kw_only=True):
    """A person was let in. `gate` and `sequence` find the ticket in the window's published list."""

    what: ClassVar[EntryKind] = EntryKind.CLAIM
    id: str
    window: Number
    place: str
    pass_id: str
    lane: Lane
    gate: Number
    sequence: Number


class OperatorFacts(EntryFacts, frozen=True, kw_only=True):
    """An action of an operator: on, off, halt, resume, cap, expect, announce. The controller itself logs
    `CLOCK_SET_RIGHT`."""

    what: ClassVar[EntryKind] = EntryKind.OPERATOR
    action: str
    value: str
    reason: str

    @property
    def number(self) -> int | None:
        """The value as a number; None: it is none, as when a cap is removed."""
        return _number_in(self.value)


class BypassFacts(EntryFacts, frozen=True, kw_only=True):
    """A person entered without a place. `ref`: the reference that was used, such as a digest of the
    order's id."""

    what: ClassVar[EntryKind] = EntryKind.BYPASS
    why: str
    ref: str


class DeadGateFacts(EntryFacts, frozen=True, kw_only=True):
    """A gate did not report its counts of a window. Its tickets that are in no list are honoured."""

    what: ClassVar[EntryKind] = EntryKind.DEAD_GATE
    window: Number
    gate: Number


class LateTicketFacts(EntryFacts, frozen=True, kw_only=True):
    """A ticket that is in no list, honoured because its gate was declared dead. `joined_at`: Unix seconds."""

    what: ClassVar[EntryKind] = EntryKind.LATE_TICKET
    id: str
    window: Number
    gate: Number
    sequence: Number
    joined_at: Number


class CertificateFacts(EntryFacts, frozen=True, kw_only=True):
    """A certificate of attempt, by the SHA-256 of the document as signed."""

    what: ClassVar[EntryKind] = EntryKind.CERTIFICATE
    id: str
    sha256: str


class PromiseFacts(EntryFacts, frozen=True, kw_only=True):
    """The first promise given to a person: done by then (Unix seconds) with this probability (0 to 1)."""

    what: ClassVar[EntryKind] = EntryKind.PROMISE
    id: str
    done_by: Number
    probability: float


class StateFacts(EntryFacts, frozen=True, kw_only=True):
    """The state of the queue changed, or its cause did. `rate`: people a minute at that moment.

    `value`: for `StateCause.CONTROLLER_AWAY` the seconds without a step. When a line begins: how many people
    may buy without a place, because they had a form before; in the seconds after it only if there are more.
    """

    what: ClassVar[EntryKind] = EntryKind.STATE
    state: QueueState
    cause: StateCause
    value: str = ""
    rate: Number

    @property
    def number(self) -> int | None:
        """The value as a number; None: it is none."""
        return _number_in(self.value)

    @property
    def away_s(self) -> int:
        """The seconds without a step; 0: the entry tells something else."""
        return self.number or 0 if self.cause is StateCause.CONTROLLER_AWAY else 0


def _number_in(value: str) -> int | None:
    return int(value) if value.isdigit() else None


type AnyFacts = (
    ConfigFacts
    | CloseFacts
    | ChainFacts
    | RevealFacts
    | FrontierFacts
    | ClaimFacts
    | OperatorFacts
    | BypassFacts
    | DeadGateFacts
    | LateTicketFacts
    | CertificateFacts
    | PromiseFacts
    | StateFacts
)

_FORMS: dict[EntryKind, type[AnyFacts]] = {
    form.what: form
    for form in (
        ConfigFacts,
        CloseFacts,
        ChainFacts,
        RevealFacts,
        FrontierFacts,
        ClaimFacts,
        OperatorFacts,
        BypassFacts,
        DeadGateFacts,
        LateTicketFacts,
        CertificateFacts,
        PromiseFacts,
        StateFacts,
    )
}


def encode_facts(facts: EntryFacts) -> dict[str, Any]:
    """The facts as JSON, as the log and the store hold them."""
    return dict(msgspec.to_builtins(facts))


def decode_facts(what: EntryKind, facts: Mapping[str, Any]) -> AnyFacts:
    """Reads the facts of an entry of this kind. Raises: msgspec.ValidationError when they do not fit."""
    return msgspec.convert(facts, _FORMS[what])
