"""Makes all files of the status page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
from jinja2 import Environment

from meterai.kernel.clock import business_date
from meterai.kit.formats import display
from meterai.status_page.chart import draw_days, share_text
from meterai.status_page.core_answer import CoreAnswer, Incident
from meterai.status_page.feed import make_feed
from meterai.status_page.history import History
from meterai.status_page.memory import Memory
from meterai.status_page.notice import Notice
from meterai.status_page.overall import overall
from meterai.texts.mechanism import moments
from meterai.texts.mechanism.languages import SOURCE, languages
from meterai.texts.mechanism.page_environment import page_environment
from meterai.texts.mechanism.translation import translate
from meterai.texts.news_words import INCIDENT_STATES
from meterai.texts.status_page import COMPONENTS, DOORS, HEALTHS, SEVERITIES, Component, Health

FOLDER: Final = Path(__file__).parent
_OUTAGES_SHOWN: Final = 10
_PAST_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Facts:
    """What never changes while the process runs."""

    url: str
    """Address of the status page, without a slash at its end; empty: the feed names addresses below /."""
    site_url: str
    development: bool


@dataclass(frozen=True, slots=True)
class Now:
    """Everything that the files say."""

    at: datetime
    memory: Memory
    history: History
    notice: Notice | None

    @property
    def healths(self) -> dict[Component, Health]:
        """Each component by the last look. Nobody has looked at what is left out."""
        return {component: self.memory.healths.get(component, Health.UNKNOWN) for component in Component}


def make_files(now: Now, facts: Facts) -> dict[str, bytes]:
    """All files by name."""
    files = {
        "status.css": (FOLDER / "static" / "status.css").read_bytes(),
        "mark.svg": (FOLDER / "static" / "mark.svg").read_bytes(),
        "status.json": _for_machines(now),
    }
    for language in languages():
        below = "" if language == SOURCE else f"{language}/"
        files[f"{below}days.svg"] = draw_days(
            now.history, list(Component), business_date(now.at), language=language
        )
        files[f"{below}feed.atom"] = make_feed(now.memory, url=facts.url, language=language, began=now.at)
        files[f"{below}index.html"] = _front(now, facts, language)
        for number, incident in now.memory.incidents.items():
            files[f"{below}insiden/{number}.html"] = _incident(incident, now, facts, language=language)
    return files


def _front(now: Now, facts: Facts, language: str) -> bytes:
    memory, healths = now.memory, now.healths
    incidents = sorted(memory.incidents.values(), key=lambda one: one.started_at, reverse=True)
    today = business_date(now.at)
    return _render(
        "front.html",
        facts,
        language,
        address="index.html",
        now=now.at,
        top=overall(healths, memory),
        healths=healths,
        memory=memory,
        core=memory.core or CoreAnswer(at=now.at),
        notice=now.notice.in_language(language) if now.notice else None,
        severity=now.notice.severity if now.notice else "",
        open_incidents=[one for one in incidents if one.ended_at is None],
        past_incidents=[one for one in incidents if one.ended_at is not None][:_PAST_SHOWN],
        announcements=_current(memory, now.at),
        outages=list(reversed(memory.outages))[:_OUTAGES_SHOWN],
        shares=[share_text(now.history, one, today, language=language) for one in Component],
    )


def _incident(incident: Incident, now: Now, facts: Facts, *, language: str) -> bytes:
    return _render(
        "incident.html",
        facts,
        language,
        address=f"insiden/{incident.number}.html",
        now=now.at,
        incident=incident,
        updates=sorted(incident.updates, key=lambda one: one.at, reverse=True),
        memory=now.memory,
    )


def _current(memory: Memory, at: datetime) -> list[Any]:
    told = (memory.core.announcements if memory.core else None) or ()
    return [one for one in told if one.starts_at <= at < one.ends_at]


def _for_machines(now: Now) -> bytes:
    memory = now.memory
    said = {
        "at": now.at,
        "overall": overall(now.healths, memory).health,
        "components": [
            {"component": component, "health": health} for component, health in now.healths.items()
        ],
        "looked_at": memory.looked_at,
        "probe": memory.probe,
        "core": {
            "answered_at": memory.core_at,
            "silent_since": memory.silent_since,
            "last_answer": memory.core,
        },
        "notice": now.notice,
        "incidents": sorted(memory.incidents.values(), key=lambda one: one.number),
        "outages": [{"id": one.id, **msgspec.to_builtins(one)} for one in memory.outages],
        "days": now.history.days(business_date(now.at)),
    }
    return msgspec.json.encode(said) + b"\n"


def _render(template: str, facts: Facts, language: str, *, address: str, **context: Any) -> bytes:
    depth = address.count("/") + (language != SOURCE)
    root = "../" * depth
    here = {
        code: f"{root}{'' if code == SOURCE else code + '/'}{address}".removesuffix("index.html") or "./"
        for code in languages()
    }
    page = environment_of(language).get_template(template)
    front = f"{root}{'' if language == SOURCE else language + '/'}" or "./"
    return page.render(facts=facts, root=root, front=front, here=here, **context).encode()


@cache
def environment_of(language: str) -> Environment:
    """Makes Jinja's environment of a language. One a process."""
    environment = page_environment(FOLDER / "templates", language)
    environment.globals |= {
        "component_name": _named(COMPONENTS, language),
        "health_text": _named(HEALTHS, language),
        "door_name": _named(DOORS, language),
        "severity_text": _named(SEVERITIES, language),
        "state_text": _named(INCIDENT_STATES, language),
        "told": lambda sentence, **facts: translate(sentence, language, facts),
    }
    environment.filters |= {
        "moment": lambda moment: moments.moment_text(moment, language),
        "day": lambda day: display.day_text(day, language),
        "number": lambda number: display.number_text(number, language),
        "decimal": lambda number: _decimal(number, language),
        "said": lambda words: words.in_language(language),
    }
    return environment


def _named(table: Mapping[Any, str], language: str) -> Any:
    """A function that names a key of the table; what is not in it names itself."""
    return lambda key: translate(table[key], language) if key in table else str(key)


def _decimal(number: float, language: str) -> str:
    text = f"{number:.1f}".removesuffix(".0")
    return text.replace(".", ",") if language == SOURCE else text
