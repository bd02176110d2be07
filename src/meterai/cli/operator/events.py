"""`meterai event`: officers open, change and close events (docs/waiting-room.md, "Whose word counts")."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
import typer

from meterai.cli.data_folder import DataOption
from meterai.cli.operator.shared.operator_database import with_database
from meterai.cli.operator.shared.signing import SignatureOption, Signing, SignWithOption, released_by_two
from meterai.kernel.clock import system_clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.operations.use_cases import enter_event as use_case
from meterai.operations.use_cases.enter_event import EventAct, EventChange, look_at_event
from meterai.sales.events import Event, load_events
from meterai.sales.queries.events import entered_events, events, known_event

_FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M%z"]

SlugArgument = Annotated[str, typer.Argument(help="Short name of the event, as in its address.")]
FileArgument = Annotated[
    Path,
    typer.Argument(
        help="File with one [[event]], as in the events file; or JSON, as `event show --json` prints it.",
        exists=True,
        dir_okay=False,
    ),
]
ReasonOption = Annotated[str, typer.Option(help="Why, for the audit trail.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")]


def list_events(as_json: JsonOption = False, data: DataOption = None) -> None:
    """Show the events on offer, and whose word counts for each."""

    async def work(db: Database) -> tuple[tuple[Event, ...], set[str]]:
        async with db.connection() as connection:
            entered = set(await entered_events(connection))
        return await events(db), entered

    found, entered = with_database(data, "meterai event", work)
    if as_json:
        shown = [{**msgspec.to_builtins(event), "officers": event.slug in entered} for event in found]
        typer.echo(msgspec.json.encode(shown).decode())
        return
    for event in found:
        word = "officers" if event.slug in entered else "events file"
        typer.echo(f"{event.slug:20} {_times(event)}  ({word})  {event.name}")


def show_event(slug: SlugArgument, as_json: JsonOption = False, data: DataOption = None) -> None:
    """Show an event as it is in force."""

    async def work(db: Database) -> Event:
        async with db.connection() as connection:
            found = await known_event(connection, slug)
        if found is None:
            raise Refusal(Kind.NOT_FOUND, "event.unknown")
        return found

    found = with_database(data, "meterai event", work)
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
        return
    for name, value in msgspec.to_builtins(found).items():
        typer.echo(f"{name:20} {value}")


def open_event(
    file: FileArgument,
    reason: ReasonOption,
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
) -> None:
    """Offer a new event. Two officers sign. Exit code 4: nothing is done yet, a signature is missing."""
    _do(data, Signing(sign_with, signature), use_case.open_event(_read(file), reason))


def change_event(
    file: FileArgument,
    reason: ReasonOption,
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
) -> None:
    """Offer an event as the file says, whatever the events file says. Two officers sign.

    Exit code 4: nothing is done yet, a signature is missing.
    """
    _do(data, Signing(sign_with, signature), use_case.change_event(_read(file), reason))


def close_event(
    slug: SlugArgument,
    reason: ReasonOption,
    at: Annotated[
        datetime | None,
        typer.Option(formats=_FORMATS, help="When it ends, in this machine's zone; left out: now."),
    ] = None,
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
) -> None:
    """End an event, and its line with it: now, or at a time before its closing. Two officers sign.

    Exit code 4: nothing is done yet, a signature is missing.
    """
    closes_at = None if at is None else at.astimezone()
    _do(data, Signing(sign_with, signature), use_case.close_event(slug, closes_at, reason))


def follow_file(
    slug: SlugArgument,
    reason: ReasonOption,
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
) -> None:
    """Let the events file say again what an event is. Two officers sign.

    Exit code 4: nothing is done yet, a signature is missing.
    """
    _do(data, Signing(sign_with, signature), use_case.follow_file(slug, reason))


def _do(data: Path | None, signing: Signing, act: EventAct) -> None:
    async def work(db: Database) -> EventChange:
        async with db.connection() as connection:
            change = await look_at_event(connection, act, now=system_clock())
        for line in _compared(change):
            typer.echo(line, err=True)
        actor = await released_by_two(db, signing, kind=act.kind, subject=act.slug, facts=act.facts)
        return await use_case.enter_event(db, act, actor=actor, now=system_clock())

    typer.echo(use_case.done(act.slug, with_database(data, "meterai event", work)))


def _compared(change: EventChange) -> list[str]:
    """What would change, field by field."""
    before, after = ({} if one is None else msgspec.to_builtins(one) for one in (change.before, change.after))
    names = dict.fromkeys([*before, *after])
    return [
        f"{name}: {before.get(name, '-')} -> {after.get(name, '-')}"
        for name in names
        if before.get(name) != after.get(name)
    ]


def _read(file: Path) -> Event:
    try:
        if file.suffix == ".json":
            return msgspec.json.decode(file.read_bytes(), type=Event)
        found = load_events(file)
    except (OSError, ValueError) as error:
        raise typer.BadParameter(str(error), param_hint="FILE") from None
    if len(found) != 1:
        raise typer.BadParameter(f"it has {len(found)} events, and must have one", param_hint="FILE")
    return found[0]


def _times(event: Event) -> str:
    opens_at, closes_at = (
        one.astimezone(ZoneInfo(event.zone)).isoformat(timespec="minutes")
        for one in (event.opens_at, event.closes_at)
    )
    return f"{opens_at} to {closes_at}"
