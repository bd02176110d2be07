"""The act on requests for a second officer: withdrawing one."""

from __future__ import annotations

from typing import Final

import msgspec

from meterai.bootstrap import ConsoleApp
from meterai.console.acts.forms import Line, Whole
from meterai.console.acts.model import ConsoleAct, Prepared, Word
from meterai.kit.acting import Actor
from meterai.operations.officers.requests import ReleaseRequest, find_request
from meterai.operations.use_cases.withdraw_request import ACTION, facts_of_withdrawal, withdraw_request
from meterai.texts import console_acts as words
from meterai.texts.request_words import ASKED_BY, SERVICE, TITLES

PATH: Final = "tarik-permintaan"


class WithdrawForm(msgspec.Struct, frozen=True, kw_only=True):
    """A request, and why it is withdrawn."""

    request: Whole
    reason: Line


async def _find(app: ConsoleApp, form: WithdrawForm) -> ReleaseRequest:
    async with app.db.connection() as connection:
        return await find_request(connection, form.request)


async def _prepare(app: ConsoleApp, form: WithdrawForm) -> Prepared:
    found = await _find(app, form)
    return Prepared(
        subject=str(found.number),
        facts=facts_of_withdrawal(found, form.reason),
        figures=[
            (words.ACT, Word(TITLES.get(found.kind, found.kind))),
            (words.SUBJECT, found.subject),
            (ASKED_BY, found.asker or Word(SERVICE)),
        ],
    )


async def _withdraw(app: ConsoleApp, form: WithdrawForm, actor: Actor) -> None:
    found = await _find(app, form)
    await withdraw_request(app.db, found, reason=form.reason, actor=actor, now=app.clock())


ACTS: Final = (
    ConsoleAct(
        kind=ACTION,
        path=PATH,
        group="requests",
        roles=frozenset({"admin", "content", "finance", "keys"}),
        signatures=1,
        form=WithdrawForm,
        words=words.WITHDRAW_REQUEST,
        prepare=_prepare,
        carry_out=_withdraw,
    ),
)
