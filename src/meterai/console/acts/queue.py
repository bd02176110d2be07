"""Acts on the line in front of an event. Everybody can read them, with their reasons, in its public log."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final

import msgspec

from meterai.bootstrap import ConsoleApp
from meterai.console.acts.forms import Line, Whole
from meterai.console.acts.model import CarryOut, ConsoleAct, Prepare, Prepared, Word
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor
from meterai.texts import console_acts as words
from meterai.texts.console_acts import ActWords
from meterai.waiting_room.queries import QueueView, queue_views
from meterai.waiting_room.use_cases import steer_queue

type _Steer = Callable[..., Awaitable[object]]
"""A use case: database and event, then `reason`, `actor` and `now`."""


class QueueForm(msgspec.Struct, frozen=True, kw_only=True):
    """A line, and why."""

    event: Line
    reason: Line


class CapForm(msgspec.Struct, frozen=True, kw_only=True):
    """A line, the most people a minute, and why."""

    event: Line
    people: Whole
    reason: Line


def _prepare(value_of: Callable[[Any], str]) -> Prepare:
    """Makes what looks at a line. `value_of`: of the form, as the public log has it."""

    async def prepare(app: ConsoleApp, form: QueueForm | CapForm) -> Prepared:
        views = await queue_views(app.db, app.clock().timestamp())
        found = next((view for view in views if view.event == form.event), None)
        if found is None:
            raise Refusal(Kind.NOT_FOUND, "queue.unknown", event=form.event)
        return Prepared(
            subject=f"queue {form.event}",
            facts={"value": value_of(form), "reason": form.reason},
            figures=_figures(found),
        )

    return prepare


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


def _steering(steer: _Steer) -> CarryOut:
    """Makes what carries out an act that has only a reason."""

    async def carry_out(app: ConsoleApp, form: QueueForm, actor: Actor) -> None:
        await steer(app.db, form.event, reason=form.reason, actor=actor, now=app.clock())

    return carry_out


async def _cap(app: ConsoleApp, form: CapForm, actor: Actor) -> None:
    await steer_queue.cap_rate(
        app.db, form.event, form.people, reason=form.reason, actor=actor, now=app.clock()
    )


def _act(kind: str, path: str, told: ActWords, carry_out: CarryOut, *, value: str = "") -> ConsoleAct:
    return ConsoleAct(
        kind=kind,
        path=path,
        group="queue",
        roles=frozenset({"admin"}),
        signatures=1,
        form=QueueForm,
        words=told,
        prepare=_prepare(lambda _: value),
        carry_out=carry_out,
    )


_ON: Final = partial(steer_queue.switch_queue, is_on=True, always=True)
_OFF: Final = partial(steer_queue.switch_queue, is_on=False)
ACTS: Final = (
    _act("queue.halt", "tahan-antrean", words.HALT_QUEUE, _steering(steer_queue.halt_queue)),
    _act("queue.resume", "lanjutkan-antrean", words.RESUME_QUEUE, _steering(steer_queue.resume_queue)),
    _act("queue.off", "matikan-antrean", words.QUEUE_OFF, _steering(_OFF)),
    _act("queue.on", "nyalakan-antrean", words.QUEUE_ON, _steering(_ON), value="always"),
    replace(
        _act("queue.cap", "batasi-antrean", words.CAP_QUEUE, _cap),
        form=CapForm,
        prepare=_prepare(lambda form: str(form.people)),
    ),
)
