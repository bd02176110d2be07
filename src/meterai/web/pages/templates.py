"""Renders the templates. Each language has its own Jinja environment, with its translations and filters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment

from meterai.kernel.money import format_rupiah
from meterai.kernel.serial_number import group_serial
from meterai.kit import privacy
from meterai.kit.formats import display
from meterai.kit.operator import NOT_SET, Operator
from meterai.kit.settings import contact_link
from meterai.news.model import News
from meterai.pdf.limits import CHECKED_BYTES_MAX
from meterai.sales.bank_account import BANKS, HOLDER_LENGTH_MAX
from meterai.sales.events import Event
from meterai.stamping.retention import RETENTION_DAYS, UNPROVEN_LIFE
from meterai.texts.mechanism import moments
from meterai.texts.mechanism.page_environment import page_environment
from meterai.texts.told import Text, text_of
from meterai.verification.picture_codes import CODES_MAX
from meterai.web.pages.assets import Assets
from meterai.web.pages.messages import (
    bank_name,
    channel_name,
    notice_text,
    pay_steps,
    reason_text,
    state_text,
)
from meterai.web.pages.site_news import news_of_page, slug_of
from meterai.web.requests.forms import FILE_BYTES_MAX, FILES_MAX
from meterai.web.requests.visits import Visit, localise

TEMPLATES = Path(__file__).parents[1] / "templates"


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """Facts about this installation that any page may show."""

    public_url: str
    development: bool
    face_value: int
    fee: int
    vat_basis_points: int
    payment_minutes: int
    standalone: bool = False
    """These pages only check documents. There is no shop behind them."""
    register: bool = True
    """There is a register of released files to ask."""
    code_reader: bool = True
    """There are keys to check 2-D codes with, so there is a page that reads them."""
    events: tuple[Event, ...] = ()
    """The events that have a page."""
    refund_wait_minutes: int = 0
    """How long a payout to a named account waits."""
    refund_release_above: int = 0
    """Rupiah a day above which two officers release payouts."""
    contact: str = ""
    """How people reach us (`settings.contact`); empty: not at all."""
    gate_url: str = ""
    """The address of the gates; empty: that of the site."""
    operator: Operator = NOT_SET
    """The company that people pay."""
    privacy: privacy.Privacy = privacy.NOT_SET
    """The officer who answers for personal data, and how long it is kept."""

    @property
    def official_hosts(self) -> tuple[str, ...]:
        """The hosts of the site and of the gates, each once."""
        addresses = (self.public_url, self.gate_url or self.public_url)
        return tuple(dict.fromkeys(urlsplit(address).netloc for address in addresses))

    @property
    def public_host(self) -> str:
        """The host in `public_url`, in lower case."""
        return self.public_url.partition("//")[2].partition("/")[0].lower()

    @property
    def contact_link(self) -> str:
        """The target of a link to `contact`."""
        return contact_link(self.contact)


class Pages:
    """Renders the pages of one installation, in each language."""

    def __init__(self, facts: SiteFacts, assets: Assets) -> None:
        self.facts = facts
        """Replaced when prices or events change."""
        self.assets = assets
        self.news = News()
        """What any page says of incidents and announcements; kept up to date with each request."""

    def render(self, visit: Visit, template: str, *, news_event: str = "", **context: Any) -> bytes:
        """Renders a template to UTF-8. `news_event`: the event whose visitors see the page, if `context` has
        none.

        Raises: jinja2.UndefinedError when the template needs a name that is missing; ValueError when
        `context` has a name that means something else in every template.
        """
        environment = environment_of(visit.language)
        if not environment.globals.keys().isdisjoint(context):
            taken = sorted(environment.globals.keys() & context)
            raise ValueError(f"{template}: {taken} mean something else everywhere")
        news = news_of_page(self.news, visit, news_event or slug_of(context.get("event")))
        page = environment.get_template(template)
        return page.render(
            visit=visit, facts=self.facts, news=news, asset=self.assets.address, **context
        ).encode()


@cache
def environment_of(language: str) -> Environment:
    """Makes Jinja's environment of a language: its translations, functions and filters. One a process."""
    environment = page_environment(TEMPLATES, language)
    environment.globals |= {
        "banks": BANKS,
        "holder_length_max": HOLDER_LENGTH_MAX,
        "upload_bytes_max": FILE_BYTES_MAX,
        "upload_files_max": FILES_MAX,
        "checked_bytes_max": CHECKED_BYTES_MAX,
        "codes_max": CODES_MAX,
        "retention_days": RETENTION_DAYS,
        "unproven_minutes": UNPROVEN_LIFE // timedelta(minutes=1),
        "link": partial(localise, language=language),
        "told": partial(_told, language),
        "reason": partial(reason_text, language=language),
        "notice": partial(notice_text, language=language),
        "state": partial(state_text, language=language),
        "bank_name": partial(bank_name, language=language),
        "channel_name": partial(channel_name, language=language),
        "pay_steps": partial(pay_steps, language=language),
    }
    environment.filters |= {
        "rupiah": format_rupiah,
        "serial": group_serial,
        "size": partial(display.size_text, language=language),
        "number": partial(display.number_text, language=language),
        "percent": partial(display.percent_text, language=language),
        "date": partial(_date, language),
        "day": partial(display.day_text, language=language),
        "clock": partial(_clock, language),
        "moment": partial(_moment, language),
        "second": partial(_second, language),
        "long_moment": partial(_long_moment, language),
    }
    return environment


def _told(language: str, code: str, **facts: Any) -> Text:
    return text_of(code, language, facts)


def _date(language: str, moment: datetime, zone: str = display.JAKARTA) -> str:
    return display.date_text(moment, language, zone)


def _clock(language: str, moment: datetime, zone: str = display.JAKARTA) -> str:
    return display.clock_text(moment, language, zone)


def _moment(language: str, moment: datetime, zone: str = display.JAKARTA) -> str:
    return moments.moment_text(moment, language, zone)


def _second(language: str, moment: datetime, zone: str = display.JAKARTA) -> str:
    return moments.second_text(moment, language, zone)


def _long_moment(language: str, moment: datetime, zone: str = display.JAKARTA) -> str:
    return moments.long_moment_text(moment, language, zone)
