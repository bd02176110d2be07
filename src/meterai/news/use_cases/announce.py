"""Adds an announcement, and ends one, as an officer."""

from __future__ import annotations

from datetime import datetime

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Database
from meterai.news import store
from meterai.news.model import (
    LASTS_MAX,
    Announcement,
    Audience,
    BothLanguages,
    checked_text,
    checked_title,
)
from meterai.sales.queries.events import find_event


class AnnouncementForm(msgspec.Struct, frozen=True, kw_only=True):
    """What an officer announces."""

    audience: Audience
    event: str | None = None
    """Slug of the event, for the audiences EVENT and LINE."""
    title: BothLanguages
    text: BothLanguages = BothLanguages()
    starts_at: datetime | None = None
    """None: now."""
    ends_at: datetime


async def add_announcement(
    db: Database, form: AnnouncementForm, *, actor: str | Actor, now: datetime
) -> Announcement:
    """Adds an announcement. From its start on people read it within seconds. Returns it with its number.

    Raises: Refusal NOT_FOUND `event.unknown`; INVALID `news.both_languages`, `news.title_too_long`,
    `news.text_too_long`, `news.announcement_times`, `news.event_missing`.
    """
    announcement = announcement_of(form, now)
    if announcement.event:
        await find_event(db, announcement.event)
    async with db.transaction() as tx:
        number = await store.insert_announcement(tx, announcement)
        await write_audit(
            tx,
            actor=actor,
            action="announcement.add",
            subject=f"announcement {number}",
            facts={
                "audience": announcement.audience,
                "event": announcement.event,
                "title": announcement.title.en,
                "starts_at": announcement.starts_at.isoformat(),
                "ends_at": announcement.ends_at.isoformat(),
            },
            now=now,
        )
    return msgspec.structs.replace(announcement, number=number)


def announcement_of(form: AnnouncementForm, now: datetime) -> Announcement:
    """The announcement of a form, before it has a number.

    Raises: as `add_announcement`, but for `event.unknown`.
    """
    starts_at = form.starts_at or now
    if not max(now, starts_at) < form.ends_at <= starts_at + LASTS_MAX:
        raise Refusal(Kind.INVALID, "news.announcement_times", days_max=LASTS_MAX.days)
    if bool(form.event) != (form.audience in (Audience.EVENT, Audience.LINE)):
        raise Refusal(Kind.INVALID, "news.event_missing")
    title, text = checked_title(form.title), checked_text(form.text, may_be_empty=True)
    return Announcement(
        number=0,
        audience=form.audience,
        event=form.event or None,
        title=title,
        text=text,
        starts_at=starts_at,
        ends_at=form.ends_at,
    )


async def end_announcement(db: Database, number: int, *, actor: str | Actor, now: datetime) -> Announcement:
    """Takes an announcement away now, also one that has not begun. Returns it as it was.

    Raises: Refusal NOT_FOUND `news.announcement_unknown`; CONFLICT `news.announcement_over`.
    """
    async with db.transaction() as tx:
        found = await store.lock_announcement(tx, number)
        if found.ends_at <= now:
            raise Refusal(Kind.CONFLICT, "news.announcement_over", number=number)
        await store.set_end(tx, number, max(found.starts_at, now))
        await write_audit(
            tx,
            actor=actor,
            action="announcement.end",
            subject=f"announcement {number}",
            facts={"audience": found.audience, "title": found.title.en},
            now=now,
        )
    return found
