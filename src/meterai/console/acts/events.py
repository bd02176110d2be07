"""Acts on events. Two officers open, change and end one; their word stands above the events file."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final

import msgspec

from meterai.bootstrap import ConsoleApp
from meterai.console.acts.event_forms import ChangeForm, OpenForm, compared, read_event
from meterai.console.acts.forms import Line
from meterai.console.acts.model import ConsoleAct, Figure, Prepared
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor
from meterai.kit.database import Connection
from meterai.operations.use_cases import enter_event as use_case
from meterai.operations.use_cases.enter_event import EventAct, look_at_event
from meterai.sales.events import Event
from meterai.sales.queries.events import known_event
from meterai.texts import console_acts, event_acts
from meterai.texts.console_acts import ActWords
from meterai.waiting_room.queries import queue_views

type _Read = Callable[[Connection, Any], Awaitable[EventAct]]
"""Makes the act of what was typed."""


class CloseForm(msgspec.Struct, frozen=True, kw_only=True):
    """An event, and when it ends."""

    event: Line
    event_ends_at: datetime | None = None
    reason: Line


class FollowForm(msgspec.Struct, frozen=True, kw_only=True):
    """An event, and why."""

    event: Line
    reason: Line


async def _opened(_: Connection, form: OpenForm) -> EventAct:
    return use_case.open_event(read_event(form), form.reason)


async def _changed(connection: Connection, form: ChangeForm) -> EventAct:
    before = await _known(connection, form.event)
    return use_case.change_event(read_event(form, before), form.reason)


async def _closed(connection: Connection, form: CloseForm) -> EventAct:
    await _known(connection, form.event)
    return use_case.close_event(form.event, form.event_ends_at, form.reason)


async def _followed(_: Connection, form: FollowForm) -> EventAct:
    return use_case.follow_file(form.event, form.reason)


async def _known(connection: Connection, slug: str) -> Event:
    found = await known_event(connection, slug)
    if found is None:
        raise Refusal(Kind.NOT_FOUND, "event.unknown")
    return found


def _act(kind: str, path: str, told: ActWords, *, form: type[msgspec.Struct], read: _Read) -> ConsoleAct:
    async def prepare(app: ConsoleApp, typed: Any) -> Prepared:
        async with app.db.connection() as connection:
            act = await read(connection, typed)
            change = await look_at_event(connection, act, now=app.clock())
        figures = [] if change.before is None else [*compared(change.before, change.after)]
        figures += await _line(app, act.slug)
        return Prepared(subject=act.slug, facts=act.facts, figures=figures)

    async def carry_out(app: ConsoleApp, typed: Any, actor: Actor) -> None:
        async with app.db.connection() as connection:
            act = await read(connection, typed)
        await use_case.enter_event(app.db, act, actor=actor, now=app.clock())

    return ConsoleAct(
        kind=kind,
        path=path,
        group="events",
        roles=frozenset({"admin"}),
        signatures=2,
        form=form,
        words=told,
        prepare=prepare,
        carry_out=carry_out,
    )


async def _line(app: ConsoleApp, slug: str) -> list[Figure]:
    """How many people wait in the event's line, if it has one."""
    views = await queue_views(app.db, app.clock().timestamp())
    return [(console_acts.PEOPLE_WAITING, view.waiting) for view in views if view.event == slug]


ACTS: Final = (
    _act(use_case.OPEN, "buka-acara", event_acts.OPEN_EVENT, form=OpenForm, read=_opened),
    _act(use_case.CHANGE, "ubah-acara", event_acts.CHANGE_EVENT, form=ChangeForm, read=_changed),
    _act(use_case.CLOSE, "akhiri-acara", event_acts.CLOSE_EVENT, form=CloseForm, read=_closed),
    _act(
        use_case.FOLLOW_FILE,
        "ikuti-berkas-acara",
        event_acts.FOLLOW_FILE,
        form=FollowForm,
        read=_followed,
    ),
)
