"""Which acts fit a sign of trouble, and what their forms are filled in with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

from meterai.accounting.matching.model import Name
from meterai.console.acts.act_routes import PAGE
from meterai.console.acts.model import ConsoleAct
from meterai.console.acts.registry import ACTS
from meterai.console.session import SignedIn
from meterai.operations.signs.table import Lit
from meterai.operations.use_cases.look_now import Now
from meterai.waiting_room.rules.model import QueueState

type _Fill = Callable[[Lit, Now], Mapping[str, str] | None]
"""Fields of the form by name; None: the act does not fit now."""
_FOREIGN_USE: Final = "I8"
"""The invariant that is broken when something else used a signing key."""
_UNEXPLAINED: Final = {Name.CREDIT_UNEXPLAINED, Name.DEBIT_UNEXPLAINED}
_HOLDS: Final = {QueueState.OPEN, QueueState.LAST_CALL, QueueState.LOTTERY}
"""States of a line that can be held."""


def _empty(lit: Lit, now: Now) -> Mapping[str, str]:
    return {}


def _line(lit: Lit, now: Now) -> Mapping[str, str] | None:
    """The line in which people wait."""
    lines = [one for one in now.figures.queues if one.is_on and one.state in _HOLDS]
    most = max(lines, key=lambda one: one.waiting, default=None)
    return {"event": most.event} if most else None


def _held(lit: Lit, now: Now) -> Mapping[str, str] | None:
    return next(({"event": one.event} for one in now.figures.queues if one.state is QueueState.HALTED), None)


def _late_order(lit: Lit, now: Now) -> Mapping[str, str] | None:
    return {"order": now.oldest_order} if now.oldest_order else None


def _doubt(lit: Lit, now: Now) -> Mapping[str, str] | None:
    return {"refund": str(now.oldest_doubt)} if now.oldest_doubt else None


def _bank_line(lit: Lit, now: Now) -> Mapping[str, str] | None:
    return {} if lit.facts.get("name") in _UNEXPLAINED else None


def _foreign_use(lit: Lit, now: Now) -> Mapping[str, str] | None:
    return {} if _FOREIGN_USE in str(lit.facts.get("ids", "")).split(", ") else None


_NEXT: Final[Mapping[str, Sequence[tuple[str, _Fill]]]] = {
    "signing_stopped": [("sealing.resume", _empty), ("queue.halt", _line)],
    "invariants_broken": [("sealing.stop", _foreign_use)],
    "payments_down": [("queue.halt", _line)],
    "stamps_late": [("order.retry", _late_order)],
    "out_of_stock": [("quota.issue", _empty)],
    "stock_low": [("quota.issue", _empty)],
    "line_held": [("queue.resume", _held)],
    "refunds_in_doubt": [("refund.end", _doubt), ("refund.again", _doubt)],
    "day_not_closed": [("day.close", _empty)],
    "difference_week": [("bank_line.explain", _bank_line)],
    "difference_day": [("bank_line.explain", _bank_line)],
}
"""By the name of the sign."""
_BY_KIND: Final[Mapping[str, ConsoleAct]] = {act.kind: act for act in ACTS}


def acts_for(lit: Lit, officer: SignedIn, now: Now | None) -> Iterator[tuple[str, ConsoleAct]]:
    """The acts that the officer may do about a sign, each with the address of its form, filled in."""
    if now is None:
        return
    for kind, fill in _NEXT.get(lit.sign.name, ()):
        act, fields = _BY_KIND[kind], fill(lit, now)
        if fields is not None and act.may(officer):
            yield f"{PAGE}/{act.path}" + (f"?{urlencode(fields)}" if fields else ""), act
