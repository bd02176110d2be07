"""`meterai queue`: how the queues stand, and what an operator may do to them."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from meterai.cli.data_folder import DataOption, data_folder
from meterai.cli.operator.shared.operator_database import with_database
from meterai.cli.operator.shared.operator_settings import NOT_FOLLOWED, operator_name, operator_settings
from meterai.cli.operator.shared.signing import SignatureOption, Signing, SignWithOption, signed_by_one
from meterai.kernel.clock import system_clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor
from meterai.kit.database import Database, connect
from meterai.kit.installation import read_addresses
from meterai.kit.settings import queue_root
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.published_documents import Announcement, Status
from meterai.waiting_room.files.queue_folder import queue_of
from meterai.waiting_room.queries import QueueView, queue_views
from meterai.waiting_room.rules.model import QueueState
from meterai.waiting_room.use_cases import steer_queue

_OBEYS_SECONDS_MAX = 5.0
_STALE_SECONDS = 5.0
"""A controller publishes once a second. An older status is shown as old."""
_WHY_NOT = "Does the service run? Then the warnings in logs/queue*.log say why (docs/on-duty.md)."

EventOption = Annotated[str, typer.Option("--event", help="Slug of the event.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")]
BecauseOption = Annotated[
    str, typer.Option("--because", help="Why; everybody can read it in the public log.")
]


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator wants of a queue."""

    action: str
    """As in the audit trail, without `queue.`."""
    value: str = ""
    reason: str = ""
    act: Callable[[Database, Actor, datetime], Awaitable[object]]


def show_status(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Show the queues as they stand: state, rate, line, and what operators have asked for."""
    views = _views(data)
    if as_json:
        typer.echo(msgspec.json.encode(views).decode())
        return
    _show(views)


def _show(views: list[QueueView]) -> None:
    console = Console()
    table = Table(box=None, pad_edge=False)
    for title in ("Event", "State", "A minute", "Waiting", "Let in", "Cap", "Halted because", "Closes"):
        table.add_column(title, overflow="fold", no_wrap=title in ("A minute", "Waiting", "Let in"))
    for view in views:
        cap = f"{view.rate_cap} of {view.policy_cap}" if view.rate_cap is not None else str(view.policy_cap)
        numbers = (f"{view.rate:.0f}", f"{view.waiting:,}", f"{view.admitted:,}", cap)
        halted = escape(view.halted_because or "")
        state = f"{view.state}, always in line" if view.always_in_line else view.state
        table.add_row(view.event, state, *numbers, halted, _moment(view.closes_at))
    console.print(table if views else "No event has a queue (docs/waiting-room.md).")
    for view in views:
        for told in filter(None, (_announced(view), _shortage(view), _staleness(view))):
            console.print(told, markup=False, highlight=False, soft_wrap=True)


def _announced(view: QueueView) -> str:
    """The words on its wait pages. Empty: none."""
    if view.note == Announcement():
        return ""
    next_words = f"meterai queue announce --event {view.event}"
    end = next_words if view.note_until is None else _moment(view.note_until)
    return f"{view.event}: every wait page says “{view.note.id}” / “{view.note.en}” until {end}"


def _moment(unix: int) -> str:
    return f"{datetime.fromtimestamp(unix).astimezone():%d %b %Y %H:%M %Z}"


def _shortage(view: QueueView) -> str:
    """Why hardly anybody is called although the site could serve more. Empty: no such reason."""
    calls = view.state in (QueueState.OPEN, QueueState.LAST_CALL)
    if not (calls and view.waiting and view.is_short):
        return ""
    return (
        f"{view.event}: no more people are called than there are stamps for (those who were called and have "
        "not ordered yet count). More: meterai issue-quota PIECES --deposit NTPN --dry-run"
    )


def _staleness(view: QueueView) -> str:
    """Why people see something else than this row. Empty: they see the same."""
    if view.rests or (view.age_s is not None and view.age_s <= _STALE_SECONDS):
        return ""
    age = "yet" if view.age_s is None else f"for {view.age_s:,.0f} s: people see how it stood then"
    return f"{view.event}: nothing is published of it {age}. {_WHY_NOT}"


def turn_on(
    event: EventOption,
    because: BecauseOption,
    always: Annotated[
        bool, typer.Option("--always", help="Everybody stands in line, also when nobody has to wait.")
    ] = False,
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let people wait in line from now on, whenever more come than the site bears. Nobody is thrown out.

    Without --always this ends an earlier wish that everybody stands in line.
    """
    wish = _switching(event, because, is_on=True, always=always)
    _run(data, event, wish, Signing(sign_with, signature), as_json=as_json)


@contextmanager
def everybody_in_line(data: Path | None, event: str, because: str) -> Iterator[None]:
    """Makes everybody stand in line, as on a crowded evening. The end or a signal undoes it.

    Raises: Refusal UNAVAILABLE `service.not_running`; FORBIDDEN `queue.in_production`; BUSY
    `queue.another_crowd`; NOT_FOUND `queue.not_the_crowds`.
    """
    folder = data_folder(data)
    if read_addresses(folder).environment == "production":
        raise Refusal(Kind.FORBIDDEN, "queue.in_production")
    with _only_crowd(folder), _ended_by_exception():
        before = next((view for view in _views(data) if view.event == event), None)
        if before is None:
            raise Refusal(Kind.NOT_FOUND, "queue.not_the_crowds", event=event)
        try:
            asyncio.run(_acted(data, event, _switching(event, because, is_on=True, always=True), None))
            yield
        finally:
            over = _switching(event, f"{because}: over", is_on=before.is_on, always=before.always_in_line)
            asyncio.run(_acted(data, event, over, None))


@contextmanager
def _only_crowd(data: Path) -> Iterator[None]:
    """Reserves the service for one crowd, by a lock on DATA/run that the kernel releases.

    A second crowd would mistake the first one's switch for the operator's, and its faults for its own.
    """
    folder = os.open(data / "run", os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refusal(Kind.BUSY, "queue.another_crowd", data=str(data)) from None
        yield
    finally:
        os.close(folder)


@contextmanager
def _ended_by_exception() -> Iterator[None]:
    """Makes SIGTERM and SIGHUP raise SystemExit once, so that `finally` blocks run."""
    signs = [sign for sign in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(sign) is signal.SIG_DFL]

    def end(number: int, _: object) -> None:
        for sign in signs:
            signal.signal(sign, signal.SIG_IGN)
        raise SystemExit(128 + number)

    for sign in signs:
        signal.signal(sign, end)
    try:
        yield
    finally:
        for sign in signs:
            signal.signal(sign, signal.SIG_DFL)


def _switching(event: str, because: str, *, is_on: bool, always: bool = False) -> Wish:
    def act(db: Database, actor: Actor, now: datetime) -> Awaitable[object]:
        return steer_queue.switch_queue(
            db, event, is_on=is_on, always=always, reason=because, actor=actor, now=now
        )

    action, value = ("on" if is_on else "off"), ("always" if always else "")
    return Wish(action=action, value=value, reason=because, act=act)


def turn_off(
    event: EventOption,
    because: BecauseOption,
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let people in without a place in line. Tickets stay valid if the queue is switched on again."""
    wish = _switching(event, because, is_on=False)
    _run(data, event, wish, Signing(sign_with, signature), as_json=as_json)


def halt(
    event: EventOption,
    because: BecauseOption,
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hold everybody in line. People still join, and nobody loses a place."""

    def act(db: Database, actor: Actor, now: datetime) -> Awaitable[object]:
        return steer_queue.halt_queue(db, event, reason=because, actor=actor, now=now)

    wish = Wish(action="halt", reason=because, act=act)
    _run(data, event, wish, Signing(sign_with, signature), as_json=as_json)


def resume(
    event: EventOption,
    because: BecauseOption,
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Call people again."""

    def act(db: Database, actor: Actor, now: datetime) -> Awaitable[object]:
        return steer_queue.resume_queue(db, event, reason=because, actor=actor, now=now)

    wish = Wish(action="resume", reason=because, act=act)
    _run(data, event, wish, Signing(sign_with, signature), as_json=as_json)


def cap(
    event: EventOption,
    because: BecauseOption,
    people: Annotated[
        int | None, typer.Argument(min=0, help="People a minute; left out: the policy's.")
    ] = None,
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Call at most PEOPLE a minute, however much the site bears."""

    def act(db: Database, actor: Actor, now: datetime) -> Awaitable[object]:
        return steer_queue.cap_rate(db, event, people, reason=because, actor=actor, now=now)

    wish = Wish(action="cap", value="" if people is None else str(people), reason=because, act=act)
    _run(data, event, wish, Signing(sign_with, signature), as_json=as_json)


def expect(
    event: EventOption,
    because: BecauseOption,
    people: Annotated[int, typer.Argument(min=1, help="People a minute.")],
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Begin with PEOPLE a minute, as measured with a benchmark or on another evening.

    Without it a new queue begins with the policy's floor, and needs minutes to fill the site. If the site
    gets full, fewer people are called. After a restart run the command again, because a site that was
    silent counts half. The times shown to waiting people rest on this figure.
    """

    def act(db: Database, actor: Actor, now: datetime) -> Awaitable[object]:
        return steer_queue.expect_rate(db, event, people, reason=because, actor=actor, now=now)

    wish = Wish(action="expect", value=str(people), reason=because, act=act)
    _run(data, event, wish, Signing(sign_with, signature), as_json=as_json)


def announce(
    event: EventOption,
    indonesian: Annotated[str, typer.Option("--id", help="Words in Indonesian; empty: none.")] = "",
    english: Annotated[str, typer.Option("--en", help="Words in English; empty: none.")] = "",
    until: Annotated[
        datetime | None,
        typer.Option(
            "--until",
            formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M%z"],
            help="When they end, as 2026-09-06T22:00 in this machine's time; left out: at the next ones.",
        ),
    ] = None,
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show words on every wait page, within one poll, and on the site while people wait.

    Without words: take them away.
    """
    end = None if until is None else until.astimezone()
    note = Announcement(indonesian.strip(), english.strip())
    if bool(note.id) != bool(note.en):
        raise typer.BadParameter("say it in both languages, or in none", param_hint="--id, --en")

    def act(db: Database, actor: Actor, now: datetime) -> Awaitable[object]:
        return steer_queue.announce(db, event, note, until=end, actor=actor, now=now)

    end_text = steer_queue.end_text(end)
    wish = Wish(action="announce", value=f"{note.id} / {note.en}", reason=end_text, act=act)
    _run(data, event, wish, Signing(sign_with, signature), as_json=as_json)


def _views(data: Path | None) -> list[QueueView]:
    return with_database(data, "meterai queue status", lambda db: queue_views(db, system_clock().timestamp()))


def _run(data: Path | None, event: str, wish: Wish, signing: Signing, *, as_json: bool) -> None:
    status, seconds = asyncio.run(_acted(data, event, wish, signing))
    if as_json:
        told = {"event": event, "obeyed_after_s": seconds, "status": msgspec.to_builtins(status)}
        typer.echo(msgspec.json.encode(told).decode())
    elif seconds is None:
        typer.echo(f"Written down, but no controller has followed within 5 s. {_WHY_NOT}")
    else:
        state = f"{status.state!s}, {status.rate:,} a minute" if status else "?"
        typer.echo(f"Done: the queue of {event} is {state} (seen after {seconds:.1f} s).")
    if seconds is None:
        raise typer.Exit(NOT_FOLLOWED)


async def _acted(
    data: Path | None, event: str, wish: Wish, signing: Signing | None
) -> tuple[Status | None, float | None]:
    """Acts, and waits for the second status after it, because the first may be older than the act.

    `signing` None: a program acts, in development, where nobody signs.
    """
    settings = operator_settings(data)
    try:
        folder = queue_of(queue_root(settings), event)
    except ValueError:
        raise Refusal(Kind.NOT_FOUND, "queue.unknown", event=event) from None
    db = await connect(settings.database_operator_url, connections_max=1, application_name="meterai queue")
    try:
        actor = await _actor_of(db, event, wish, signing)
        await wish.act(db, actor, system_clock())
    finally:
        await db.close()
    before = await asyncio.to_thread(_read, folder.status)
    since = time.monotonic()
    while time.monotonic() - since < _OBEYS_SECONDS_MAX:
        status = await asyncio.to_thread(_read, folder.status)
        if status is not None and (before is None or status.sequence >= before.sequence + 2):
            return status, round(time.monotonic() - since, 2)
        await asyncio.sleep(0.05)
    return await asyncio.to_thread(_read, folder.status), None


async def _actor_of(db: Database, event: str, wish: Wish, signing: Signing | None) -> Actor:
    if signing is None:
        return Actor(name=operator_name())
    facts = {"value": wish.value, "reason": wish.reason}
    return await signed_by_one(
        db, signing, kind=f"queue.{wish.action}", subject=f"queue {event}", facts=facts
    )


def _read(path: Path) -> Status | None:
    try:
        return published_documents.decode(path.read_bytes(), Status)
    except (OSError, Refusal):
        return None
