"""Erasing a person who asked for it (UU 27/2022)."""

from __future__ import annotations

from typing import Final

import msgspec

from meterai.bootstrap import ConsoleApp
from meterai.console.acts.forms import Line
from meterai.console.acts.model import ConsoleAct, Prepared, Word
from meterai.customers.contacts import canonical_contact
from meterai.kit.acting import Actor
from meterai.operations.use_cases.erase_person import PersonToErase, erase_person, prepare_erasure
from meterai.texts import acts_of_two as words


class EraseForm(msgspec.Struct, frozen=True, kw_only=True):
    """A contact of the person, and why."""

    person: Line
    reason: Line


async def _look(app: ConsoleApp, form: EraseForm) -> PersonToErase:
    return await prepare_erasure(app.db, canonical_contact(form.person), reason=form.reason)


async def _prepare(app: ConsoleApp, form: EraseForm) -> Prepared:
    found = await _look(app, form)
    held: list[tuple[str, Word | str | int]] = [
        (words.HELD.get(kind, kind), count) for kind, count in found.person.held.items() if count
    ]
    who = found.person.id
    return Prepared(subject=who, facts=found.facts, person=who, figures=held)


async def _erase(app: ConsoleApp, form: EraseForm, actor: Actor) -> None:
    found = await _look(app, form)
    await erase_person(app.db, found.person.id, found.facts, actor=actor, now=app.clock())


ACTS: Final = (
    ConsoleAct(
        kind="person.erase",
        path="hapus-orang",
        group="people",
        roles=frozenset({"admin"}),
        signatures=2,
        form=EraseForm,
        words=words.ERASE_PERSON,
        prepare=_prepare,
        carry_out=_erase,
    ),
)
