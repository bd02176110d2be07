"""The move of a paid order to another contact, after the person proved who they are."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from meterai.bootstrap import ConsoleApp
from meterai.console.acts.forms import Line
from meterai.console.acts.model import ConsoleAct, Prepared, Word
from meterai.kit.acting import Actor
from meterai.sales.support.use_cases import change_contact as use_case
from meterai.sales.support.use_cases.change_contact import PROOF_LENGTH_MAX, PROOF_LENGTH_MIN, ContactMove
from meterai.texts import console_acts as words
from meterai.texts.states import STATES


class MoveForm(msgspec.Struct, frozen=True, kw_only=True):
    """An order, where it moves, and how the person proved who they are."""

    order: Line
    contact: Line
    proof: Annotated[str, Meta(min_length=PROOF_LENGTH_MIN, max_length=PROOF_LENGTH_MAX)]


async def _look(app: ConsoleApp, form: MoveForm) -> ContactMove:
    async with app.db.connection() as connection:
        return await use_case.prepare_move(connection, form.order, form.contact, form.proof)


async def _prepare(app: ConsoleApp, form: MoveForm) -> Prepared:
    move = await _look(app, form)
    return Prepared(
        subject=move.order.number,
        facts=move.facts,
        figures=[
            (words.STATE, Word(STATES[f"order.{move.order.state}"].what)),
            (words.CONTACT_BEFORE, move.before or Word(words.FORGOTTEN)),
            (words.CONTACT_AFTER, move.to.value),
            (words.MOVES_WITH, Word(words.MOVED_THINGS)),
            (words.STAYS, Word(words.STAYING_THINGS)),
        ],
    )


async def _move(app: ConsoleApp, form: MoveForm, actor: Actor) -> None:
    move = await _look(app, form)
    await use_case.change_contact(app.db, move, actor=actor, now=app.clock())


ACTS: Final = (
    ConsoleAct(
        kind=use_case.ACT,
        path="pindahkan-pesanan",
        group="orders",
        roles=frozenset({"support"}),
        signatures=1,
        form=MoveForm,
        words=words.CHANGE_CONTACT,
        prepare=_prepare,
        carry_out=_move,
    ),
)
