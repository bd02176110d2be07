"""Acts on the order of somebody who asks for help. They move no money, and show neither contact nor link."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from meterai.bootstrap import ConsoleApp
from meterai.console.acts.forms import Line
from meterai.console.acts.model import CarryOut, ConsoleAct, Prepare, Prepared, Word
from meterai.kit.acting import Actor
from meterai.kit.database import Connection
from meterai.operations.use_cases import retry_stamping as retrying
from meterai.sales.support.store import OrderInHand
from meterai.sales.support.use_cases import ask_gateway as asking
from meterai.sales.support.use_cases import ask_to_cancel as cancelling
from meterai.sales.support.use_cases import send_link as sending
from meterai.texts import console_acts as words
from meterai.texts.states import STATES

type _Do = Callable[..., Awaitable[object]]
"""A use case: database and number of the order, then `officer`, `reason` and `now`."""
_SUPPORT: Final = frozenset({"support"})


class OrderForm(msgspec.Struct, frozen=True, kw_only=True):
    """An order, and why."""

    order: Line
    reason: Line


def _prepare(find: Callable[[Connection, str], Awaitable[OrderInHand]]) -> Prepare:
    """Makes what looks at an order. `find` raises what the act raises."""

    async def prepare(app: ConsoleApp, form: OrderForm) -> Prepared:
        async with app.db.connection() as connection:
            order = await find(connection, form.order)
        shown: list[tuple[str, Word | str | int]] = [
            (words.STATE, Word(STATES[f"order.{order.state}"].what)),
            (words.ATTEMPTS, order.attempts),
        ]
        return Prepared(subject=order.number, facts={}, figures=shown)

    return prepare


def _carry_out(do: _Do) -> CarryOut:
    """Makes what carries an act on an order out."""

    async def carry_out(app: ConsoleApp, form: OrderForm, actor: Actor) -> None:
        await do(app.db, form.order, officer=actor.name, reason=form.reason, now=app.clock())

    return carry_out


def _act(
    kind: str,
    path: str,
    *,
    of: words.ActWords,
    find: Callable[[Connection, str], Awaitable[OrderInHand]],
    do: _Do,
) -> ConsoleAct:
    return ConsoleAct(
        kind=kind,
        path=path,
        group="orders",
        roles=_SUPPORT,
        signatures=0,
        form=OrderForm,
        words=of,
        prepare=_prepare(find),
        carry_out=_carry_out(do),
    )


ACTS: Final = (
    _act(
        "order.ask_gateway",
        "tanya-gateway",
        of=words.ASK_GATEWAY,
        find=asking.refuse_to_ask,
        do=asking.ask_gateway,
    ),
    _act(
        "order.retry",
        "coba-lagi-meterai",
        of=words.RETRY_STAMPING,
        find=retrying.refuse_to_retry,
        do=retrying.retry_stamping,
    ),
    _act(
        "order.send_link",
        "kirim-tautan",
        of=words.SEND_LINK,
        find=sending.refuse_to_send,
        do=sending.send_link,
    ),
    _act(
        "order.cancel",
        "batalkan-pesanan",
        of=words.CANCEL_ORDER,
        find=cancelling.refuse_to_cancel,
        do=cancelling.ask_to_cancel,
    ),
)
