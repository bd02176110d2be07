"""The few words about news that every wait page of a line shows. Gates read them in the published status."""

from __future__ import annotations

from typing import Final

import msgspec

from meterai.news.model import News
from meterai.waiting_room.files.published_documents import NEWS_BYTES_MAX, Announcement

_BETWEEN: Final = "\n"


def line_words(news: News, event: str) -> Announcement:
    """The titles of what people in the line of an event read: incidents first, the worst of them first.

    As many as fit into `NEWS_BYTES_MAX` bytes, both languages together; the status page has the others.
    """
    read = news.for_line(event)
    said = Announcement()
    titles = [one.title for one in read.incidents] + [one.title for one in read.announcements]
    for title in titles:
        longer = Announcement(_joined(said.id, title.id), _joined(said.en, title.en))
        if len(msgspec.json.encode(longer)) - len(msgspec.json.encode(Announcement())) <= NEWS_BYTES_MAX:
            said = longer
    return said


def _joined(before: str, title: str) -> str:
    return f"{before}{_BETWEEN}{title}" if before else title
