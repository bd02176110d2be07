"""A refund by hand: an officer of finance asks for it, a second one approves it."""

from __future__ import annotations

from typing import Final

import msgspec

from meterai.bootstrap import ConsoleApp
from meterai.console.acts.forms import Line, Whole
from meterai.console.acts.model import ConsoleAct, Prepared, Word
from meterai.kernel.money import format_rupiah
from meterai.kit.acting import Actor
from meterai.sales.bank_account import read_bank_account
from meterai.sales.model import RefundChannel
from meterai.sales.use_cases.give_refund import (
    KIND,
    PreparedRefund,
    RefundToGive,
    give_refund,
    prepare_refund,
)
from meterai.texts import console_acts as words


class GiveForm(msgspec.Struct, frozen=True, kw_only=True):
    """Stamps of an order, why they go back, and the account for what the gateway can't return."""

    order: Line
    item: Whole = 1
    pieces: Whole
    reason: Line
    bank: Line = ""
    account: Line = ""
    holder: Line = ""


async def _look(app: ConsoleApp, form: GiveForm) -> PreparedRefund:
    account = None
    if form.bank or form.account or form.holder:
        account = read_bank_account(form.bank.lower(), form.account, form.holder)
    wanted = RefundToGive(
        order=form.order, item=form.item, pieces=form.pieces, reason=form.reason, account=account
    )
    return await prepare_refund(app.db, wanted)


async def _prepare(app: ConsoleApp, form: GiveForm) -> Prepared:
    found = await _look(app, form)
    way = words.BY_GATEWAY
    if found.way_back is RefundChannel.PAYOUT:
        way = words.TO_ACCOUNT if found.person else words.NO_ACCOUNT_YET
    return Prepared(
        subject=found.subject,
        facts=found.facts,
        person=found.person,
        figures=[
            (words.UNUSED, found.unused),
            (words.GOES_BACK, format_rupiah(found.amount)),
            (words.WAY_BACK, Word(way)),
        ],
    )


async def _give(app: ConsoleApp, form: GiveForm, actor: Actor) -> None:
    found = await _look(app, form)
    await give_refund(app.db, found.subject, found.facts, actor=actor, now=app.clock())


ACTS: Final = (
    ConsoleAct(
        kind=KIND,
        path="kembalikan-meterai",
        group="orders",
        roles=frozenset({"finance"}),
        signatures=2,
        form=GiveForm,
        words=words.GIVE_REFUND,
        prepare=_prepare,
        carry_out=_give,
    ),
)
