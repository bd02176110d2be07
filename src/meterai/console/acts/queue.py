"""Acts on the line in front of an event. Everybody can read them, with their reasons, in its public log."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

import msgspec

from meterai.bootstrap import ConsoleApp
from meterai.console.acts.forms import Line, Whole
from meterai.console.acts.model import CarryOut, ConsoleAct, Prepared, Word
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor
from meterai.kit.database import Database
from meterai.texts import console_acts as words
from meterai.texts.console_acts import ActWords
from meterai.waiting_room.queries import QueueView, queue_views
from meterai.waiting_room.use_cases import steer_queue

type _Steer = Callable[[Database, str, str, Actor, datetime], Awaitable[object]]
"""A use case: database, event, reason, officer, time."""


class QueueForm(msgspec.Struct, frozen=True, kw_only=True):
    """A line, and why."""

    event: Line
    reason: Line


class CapForm(msgspec.Struct, frozen=True, kw_only=True):
    """A line, the most people a minute, and why."""

    event: Line
    people: Whole
    reason: Line


async def _prepare(app: ConsoleApp, form: QueueForm | CapForm, value: str) -> Prepared:
    views = await queue_views(app.db, app.clock().timestamp())
    found = next((view for view in views if view.event == form.event), None)
    if found is None:
        raise Refusal(Kind.NOT_FOUND, "queue.unknown", event=form.event)
    return Prepared(
        subject=f"queue {form.event}",
        facts={"value": value, "reason": form.reason},
        figures=_figures(found),
    )


def _figures(view: QueueView) -> list[tuple[str, Word | str | int]]:
    cap = view.policy_cap if view.rate_cap is None else view.rate_cap
    return [
        (words.LINE, Word(words.LINE_ON if view.is_on else words.LINE_OFF)),
        (words.PEOPLE_WAITING, view.waiting),
        (words.PEOPLE_A_MINUTE, round(view.rate)),
        (words.CAP_NOW, cap),
        (words.CAP_OF_POLICY, view.policy_cap),
        (words.HALTED, view.halted_because or Word(words.NOT_HALTED)),
    ]


async def _prepare_plain(app: ConsoleApp, form: QueueForm) -> Prepared:
    return await _prepare(app, form, "")


async def _prepare_always(app: ConsoleApp, form: QueueForm) -> Prepared:
    return await _prepare(app, form, "always")


async def _prepare_cap(app: ConsoleApp, form: CapForm) -> Prepared:
    return await _prepare(app, form, str(form.people))


def _steering(steer: _Steer) -> CarryOut:
    """Makes what carries out an act that has only a reason."""

    async def carry_out(app: ConsoleApp, form: QueueForm, actor: Actor) -> None:
        await steer(app.db, form.event, form.reason, actor, app.clock())

    return carry_out


async def _cap(app: ConsoleApp, form: CapForm, actor: Actor) -> None:
    await steer_queue.cap_rate(
        app.db, form.event, form.people, reason=form.reason, actor=actor, now=app.clock()
    )


async def _on(db: Database, event: str, reason: str, actor: Actor, now: datetime) -> None:
    await steer_queue.switch_queue(db, event, is_on=True, always=True, reason=reason, actor=actor, now=now)


async def _off(db: Database, event: str, reason: str, actor: Actor, now: datetime) -> None:
    await steer_queue.switch_queue(db, event, is_on=False, reason=reason, actor=actor, now=now)


async def _halt(db: Database, event: str, reason: str, actor: Actor, now: datetime) -> None:
    await steer_queue.halt_queue(db, event, reason=reason, actor=actor, now=now)


async def _resume(db: Database, event: str, reason: str, actor: Actor, now: datetime) -> None:
    await steer_queue.resume_queue(db, event, reason=reason, actor=actor, now=now)


_ADMIN: Final = frozenset({"admin"})
_PLAIN: Final[tuple[tuple[str, str, ActWords, _Steer], ...]] = (
    ("queue.halt", "tahan-antrean", words.HALT_QUEUE, _halt),
    ("queue.resume", "lanjutkan-antrean", words.RESUME_QUEUE, _resume),
    ("queue.off", "matikan-antrean", words.QUEUE_OFF, _off),
)
ACTS: Final = (
    *(
        ConsoleAct(
            kind=kind,
            path=path,
            group="queue",
            roles=_ADMIN,
            signatures=1,
            form=QueueForm,
            words=told,
            prepare=_prepare_plain,
            carry_out=_steering(steer),
        )
        for kind, path, told, steer in _PLAIN
    ),
    ConsoleAct(
        kind="queue.on",
        path="nyalakan-antrean",
        group="queue",
        roles=_ADMIN,
        signatures=1,
        form=QueueForm,
        words=words.QUEUE_ON,
        prepare=_prepare_always,
        carry_out=_steering(_on),
    ),
    ConsoleAct(
        kind="queue.cap",
        path="batasi-antrean",
        group="queue",
        roles=_ADMIN,
        signatures=1,
        form=CapForm,
        words=words.CAP_QUEUE,
        prepare=_prepare_cap,
        carry_out=_cap,
    ),
)
