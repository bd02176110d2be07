"""Decisions about refunds in doubt: paid in another way, or to be paid out again."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from meterai.bootstrap import ConsoleApp
from meterai.console.acts.forms import Line
from meterai.console.acts.model import CarryOut, ConsoleAct, Prepare, Prepared
from meterai.kernel.money import format_rupiah
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor
from meterai.sales.use_cases.end_refund import end_refund, order_payout_again, prepare_decision
from meterai.texts import acts_of_two as words
from meterai.texts.console_acts import ActWords

type _Decide = Callable[..., Awaitable[object]]
"""A use case: database and refund, then `reason`, `actor` and `now`."""


class DoubtForm(msgspec.Struct, frozen=True, kw_only=True):
    """A refund in doubt, and why it is decided so."""

    refund: Line
    reason: Line

    @property
    def refund_id(self) -> uuid.UUID:
        """Raises: Refusal NOT_FOUND `refund.unknown`."""
        try:
            return uuid.UUID(self.refund)
        except ValueError:
            raise Refusal(Kind.NOT_FOUND, "refund.unknown") from None


def _prepare(*, again: bool) -> Prepare:
    """Makes what looks at a refund. `again`: its payout is to be ordered again."""

    async def prepare(app: ConsoleApp, form: DoubtForm) -> Prepared:
        found = await prepare_decision(app.db, form.refund_id, reason=form.reason, again=again)
        return Prepared(
            subject=str(form.refund_id),
            facts=found.facts,
            person=found.person,
            figures=[
                (words.ORDER, str(found.facts["order"])),
                (words.SUM, format_rupiah(int(str(found.facts["amount"])))),
                (words.DOUBT, found.failure_code or ""),
            ],
        )

    return prepare


def _carry_out(decide: _Decide) -> CarryOut:
    async def carry_out(app: ConsoleApp, form: DoubtForm, actor: Actor) -> None:
        await decide(app.db, form.refund_id, reason=form.reason, actor=actor, now=app.clock())

    return carry_out


def _act(kind: str, path: str, of: ActWords, *, decide: _Decide, again: bool) -> ConsoleAct:
    return ConsoleAct(
        kind=kind,
        path=path,
        group="refunds",
        roles=frozenset({"finance"}),
        signatures=2,
        form=DoubtForm,
        words=of,
        prepare=_prepare(again=again),
        carry_out=_carry_out(decide),
    )


ACTS: Final = (
    _act("refund.end", "akhiri-pengembalian", words.END_REFUND, decide=end_refund, again=False),
    _act("refund.again", "kirim-lagi-pengembalian", words.PAY_AGAIN, decide=order_payout_again, again=True),
)
