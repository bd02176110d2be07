"""Makes the Atom feed (RFC 4287). Ids are made from what an entry tells of, so they never change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit
from xml.etree import ElementTree

from meterai.status_page.core_answer import Announcement, Incident
from meterai.status_page.memory import Memory, Outage
from meterai.texts.mechanism.languages import prefix_of
from meterai.texts.mechanism.moments import moment_text
from meterai.texts.mechanism.translation import translate
from meterai.texts.status_page import APOLOGY, COMPONENTS, FEED_TITLE, OUTAGE_BEGAN, OUTAGE_OVER

_NAMESPACE: Final = "http://www.w3.org/2005/Atom"
_ENTRIES_MAX: Final = 50
type _Entry = tuple[datetime, str, str, str, str]
"""When it changed, id, title, text, address."""


def make_feed(memory: Memory, *, url: str, language: str, began: datetime) -> bytes:
    """The feed of a language. `url`: address of the status page, without a slash at its end. `began`: the
    time of a feed without entries.
    """
    page = f"{url}{prefix_of(language)}/"
    tag = f"tag:{urlsplit(url).hostname or 'localhost'},2026:"  # RFC 4151
    found = sorted(
        [
            *(_of_incident(one, tag, page=page, language=language) for one in memory.incidents.values()),
            *_of_announcements(memory, tag, page=page, language=language),
            *(_of_outage(one, tag, page=page, language=language) for one in memory.outages),
        ],
        reverse=True,
    )[:_ENTRIES_MAX]
    feed = ElementTree.Element("feed", {"xmlns": _NAMESPACE, "xml:lang": language})
    _add(feed, "id", f"{tag}feed-{language}")
    _add(feed, "title", translate(FEED_TITLE, language))
    _add(feed, "updated", _time(found[0][0] if found else began))
    author = ElementTree.SubElement(feed, "author")
    _add(author, "name", "e-Meterai")
    ElementTree.SubElement(feed, "link", {"rel": "self", "href": f"{page}feed.atom"})
    ElementTree.SubElement(feed, "link", {"rel": "alternate", "type": "text/html", "href": page})
    for entry in found:
        _add_entry(feed, entry)
    text = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return bytes(text) + b"\n"


def _add_entry(feed: ElementTree.Element, entry: _Entry) -> None:
    changed_at, id, title, text, address = entry
    element = ElementTree.SubElement(feed, "entry")
    _add(element, "id", id)
    _add(element, "title", title)
    _add(element, "updated", _time(changed_at))
    ElementTree.SubElement(element, "link", {"rel": "alternate", "type": "text/html", "href": address})
    _add(element, "content", text, type="text")


def _of_incident(incident: Incident, tag: str, *, page: str, language: str) -> _Entry:
    said = sorted(incident.updates, key=lambda one: one.at, reverse=True)
    text = "\n\n".join(
        f"{moment_text(one.at, language)}\n{one.text.in_language(language)}" for one in said
    ) or incident.title.in_language(language)
    times = [incident.started_at, *(one.at for one in said)]
    times += [incident.ended_at] if incident.ended_at else []
    if incident.apology:
        times.append(incident.apology.published_at)
        text = f"{translate(APOLOGY, language)}: {incident.apology.url}\n\n{text}"
    title = incident.title.in_language(language)
    return (
        max(times),
        f"{tag}incident-{incident.number}",
        title,
        text,
        f"{page}insiden/{incident.number}.html",
    )


def _of_announcements(memory: Memory, tag: str, *, page: str, language: str) -> Iterator[_Entry]:
    told: tuple[Announcement, ...] = tuple(memory.core.announcements or ()) if memory.core else ()
    for one in told:
        title = one.title.in_language(language)
        text = one.text.in_language(language) or title
        yield one.starts_at, f"{tag}announcement-{one.number}", title, text, page


def _of_outage(outage: Outage, tag: str, *, page: str, language: str) -> _Entry:
    sentence = OUTAGE_OVER if outage.until else OUTAGE_BEGAN
    name = translate(COMPONENTS[outage.component], language)
    facts = {"name": name, "since": outage.since, "until": outage.until or outage.since}
    text = translate(sentence, language, facts)
    return outage.until or outage.since, f"{tag}outage-{outage.id}", text, text, page


def _add(parent: ElementTree.Element, name: str, text: str, **attributes: str) -> None:
    ElementTree.SubElement(parent, name, attributes).text = _legible(text)


def _legible(text: str) -> str:
    """Without characters that XML 1.0 has no place for."""
    return "".join(sign for sign in text if sign >= " " or sign in "\n\t")


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
