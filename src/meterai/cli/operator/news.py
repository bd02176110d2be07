"""`meterai incident` and `meterai announcement`: what people read everywhere (docs/news.md)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from meterai.cli.data_folder import DataOption
from meterai.cli.operator.shared.operator_database import with_database
from meterai.cli.operator.shared.operator_settings import operator_name, operator_settings
from meterai.kernel.clock import system_clock
from meterai.kernel.money import format_rupiah
from meterai.kit.database import Database
from meterai.news import queries
from meterai.news.messages.affected import Affected, affected_by, prices_of
from meterai.news.model import (
    Announcement,
    Audience,
    BothLanguages,
    Component,
    Incident,
    IncidentState,
    Severity,
)
from meterai.news.use_cases import announce, declare_incident, update_incident
from meterai.news.use_cases.message_affected import message_affected

_DAYS_SHOWN = 90
_FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M%z"]

NumberArgument = Annotated[int, typer.Argument(help="Its number, as the list has it.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")]
TitleId = Annotated[str, typer.Option(help="Title in Indonesian, on one line.")]
TitleEn = Annotated[str, typer.Option(help="Title in English; both together have 160 bytes at most.")]
TextId = Annotated[str, typer.Option(help="Text in Indonesian, at most 600 characters.")]
TextEn = Annotated[str, typer.Option(help="The same text in English.")]
NextOption = Annotated[
    int, typer.Option("--next-update", min=1, max=720, help="Minutes until the next update.")
]
ComponentOption = Annotated[
    list[Component] | None,
    typer.Option("--component", help="Part of the service that has the trouble; give it again for more."),
]


def list_incidents(
    with_past: Annotated[bool, typer.Option("--all", help="Also those of the last 90 days.")] = False,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Show the open incidents, the newest first, and when the next update of each is due."""
    now = system_clock()
    since = now - timedelta(days=_DAYS_SHOWN)

    async def work(db: Database) -> list[Incident]:
        async with db.connection() as connection:
            return await queries.incidents_since(connection, since)

    found = _run(data, work)
    shown = [one for one in found if with_past or one.state is not IncidentState.RESOLVED]
    if as_json:
        typer.echo(msgspec.json.encode(shown).decode())
        return
    for incident in shown:
        typer.echo(_incident_line(incident, now))
    if not shown:
        typer.echo("No incident is open.")


def declare(
    severity: Annotated[Severity, typer.Option(help="How bad it is.")],
    title_id: TitleId,
    title_en: TitleEn,
    text_id: TextId,
    text_en: TextEn,
    component: ComponentOption = None,
    next_update: NextOption = 30,
    since: Annotated[
        datetime | None,
        typer.Option(formats=_FORMATS, help="When it began, in this machine's time; left out: now."),
    ] = None,
    data: DataOption = None,
) -> None:
    """Declare an incident. Within ten seconds people read it on pages, wait pages and the API."""
    now = system_clock()
    form = declare_incident.IncidentForm(
        components=component or (),
        severity=severity,
        title=BothLanguages(title_id, title_en),
        text=BothLanguages(text_id, text_en),
        started_at=since.astimezone() if since else None,
        next_update_at=now + timedelta(minutes=next_update),
    )
    officer = operator_name()
    made = _run(data, lambda db: declare_incident.declare_incident(db, form, actor=officer, now=now))
    typer.echo(f"Incident {made.number} is declared. People read it within ten seconds.")
    typer.echo(f"Next: meterai incident update {made.number}, until {_moment(form.next_update_at)}.")


def update(
    number: NumberArgument,
    text_id: TextId,
    text_en: TextEn,
    state: Annotated[IncidentState | None, typer.Option(help="Left out: as before.")] = None,
    severity: Annotated[Severity | None, typer.Option(help="Left out: as before.")] = None,
    component: ComponentOption = None,
    next_update: NextOption = 30,
    data: DataOption = None,
) -> None:
    """Add an update to an open incident, and say when the next one comes."""
    now = system_clock()
    form = update_incident.UpdateForm(
        text=BothLanguages(text_id, text_en),
        next_update_at=now + timedelta(minutes=next_update),
        state=state,
        severity=severity,
        components=component or None,
    )
    officer = operator_name()
    _run(data, lambda db: update_incident.update_incident(db, number, form, actor=officer, now=now))
    typer.echo(f"Incident {number} has an update. The next one is due at {_moment(form.next_update_at)}.")


def resolve(
    number: NumberArgument,
    text_id: TextId,
    text_en: TextEn,
    ended: Annotated[
        datetime | None,
        typer.Option(formats=_FORMATS, help="When it was over, in this machine's time; left out: now."),
    ] = None,
    data: DataOption = None,
) -> None:
    """Say that an incident is over. Pages stop showing it; the status page keeps its history."""
    end, officer = ended.astimezone() if ended else None, operator_name()
    said, now = BothLanguages(text_id, text_en), system_clock()
    _run(
        data,
        lambda db: update_incident.resolve_incident(db, number, said, ended_at=end, actor=officer, now=now),
    )
    typer.echo(f"Incident {number} is resolved.")


def message(
    number: NumberArgument,
    send: Annotated[
        int | None,
        typer.Option(min=1, help="Write at most so many messages. Left out: only show number and cost."),
    ] = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Show whom an incident affects and what messages to them cost; with --send, write them.

    Nobody gets two about the same incident. The worker sends them, within the day's budget.
    """
    prices, now, officer = prices_of(operator_settings(data)), system_clock(), operator_name()

    async def work(db: Database) -> Affected:
        if send is not None:
            return await message_affected(
                db, number, messages_max=send, prices=prices, actor=officer, now=now
            )
        async with db.connection() as connection:
            return await affected_by(connection, number, prices, now=now)

    found = _run(data, work)
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
        return
    by_prefix = ", ".join(f"{count:,} to {prefix}" for prefix, count in sorted(found.new.items())) or "none"
    typer.echo(f"Customers affected: {found.customers:,}. Messages to them so far: {found.written:,}.")
    typer.echo(f"New messages: {by_prefix}; together {format_rupiah(found.cost)}.")
    if send is not None:
        typer.echo(f"They are written. Next: meterai incident messages {number}")
    elif found.messages:
        typer.echo(f"Send them: meterai incident message {number} --send {found.messages}")


def list_announcements(as_json: JsonOption = False, data: DataOption = None) -> None:
    """Show the announcements of all times, the newest first."""

    async def work(db: Database) -> list[Announcement]:
        async with db.connection() as connection:
            return await queries.newest_announcements(connection)

    found, now = _run(data, work), system_clock()
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
        return
    for one in found:
        typer.echo(_announcement_line(one, now))
    if not found:
        typer.echo("There is no announcement.")


def add(
    audience: Annotated[Audience, typer.Option(help="Who reads it.")],
    title_id: TitleId,
    title_en: TitleEn,
    ends: Annotated[datetime, typer.Option(formats=_FORMATS, help="When it ends, in this machine's time.")],
    text_id: TextId = "",
    text_en: TextEn = "",
    event: Annotated[str, typer.Option(help="Slug, for the audiences `event` and `line`.")] = "",
    starts: Annotated[
        datetime | None, typer.Option(formats=_FORMATS, help="When it begins; left out: now.")
    ] = None,
    data: DataOption = None,
) -> None:
    """Announce something to an audience. From its start on they read it within ten seconds."""
    form = announce.AnnouncementForm(
        audience=audience,
        event=event or None,
        title=BothLanguages(title_id, title_en),
        text=BothLanguages(text_id, text_en),
        starts_at=starts.astimezone() if starts else None,
        ends_at=ends.astimezone(),
    )
    officer, now = operator_name(), system_clock()
    made = _run(data, lambda db: announce.add_announcement(db, form, actor=officer, now=now))
    typer.echo(f"Announcement {made.number} stands there until {_moment(made.ends_at)}.")


def end(number: NumberArgument, data: DataOption = None) -> None:
    """Take an announcement away now, also one that has not begun."""
    officer, now = operator_name(), system_clock()
    _run(data, lambda db: announce.end_announcement(db, number, actor=officer, now=now))
    typer.echo(f"Announcement {number} is over.")


def _incident_line(incident: Incident, now: datetime) -> str:
    what = f"{incident.number}  {incident.severity:8}  {incident.state:13}  {incident.title.en}"
    parts = ", ".join(incident.components)
    due = ""
    if incident.next_update_at:
        late = f", {incident.overdue_s(now) / 60:.0f} min ago" if incident.overdue_s(now) else ""
        due = f"; next update due at {_moment(incident.next_update_at)}{late}"
    ended = f" until {_moment(incident.ended_at)}" if incident.ended_at else ""
    return f"{what} ({parts}) since {_moment(incident.started_at)}{ended}{due}"


def _announcement_line(one: Announcement, now: datetime) -> str:
    audience = f"{one.audience} {one.event or ''}".strip()
    mark = "now" if one.is_current(now) else "over" if one.ends_at <= now else "later"
    times = f"{_moment(one.starts_at)} to {_moment(one.ends_at)}"
    return f"{one.number}  {mark:5}  {audience}: {one.title.en} ({times})"


def _moment(at: datetime) -> str:
    return f"{at.astimezone():%d %b %Y %H:%M %Z}"


def _run[R](data: Path | None, work: Callable[[Database], Awaitable[R]]) -> R:
    return with_database(data, "meterai news", work)
