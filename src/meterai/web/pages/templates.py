"""Turns templates into bytes. One compiled environment per language; nothing is looked up while serving.

What was compiled is kept (`kit.compiled_templates`): a start, or a new tariff at midnight, compiles nothing.
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from meterai.kernel.money import format_rupiah
from meterai.kernel.serial_number import group_serial
from meterai.kit.compiled_templates import CompiledTemplates
from meterai.kit.formats import display
from meterai.kit.settings import contact_link
from meterai.pdf.limits import CHECKED_BYTES_MAX
from meterai.sales.bank_account import BANKS, HOLDER_LENGTH_MAX
from meterai.web.pages.assets import Assets
from meterai.web.pages.languages import load_translations
from meterai.web.pages.messages import Text, notice_text, reason_text, state_text, text_of
from meterai.web.pages.rendering import PlainContext, translator
from meterai.web.requests.forms import FILE_BYTES_MAX, FILES_MAX
from meterai.web.requests.visits import LANGUAGES, Visit, localise

TEMPLATES = Path(__file__).parents[1] / "templates"


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """What every page may say about this installation."""

    public_url: str
    development: bool
    face_value: int
    fee: int
    vat_basis_points: int
    payment_minutes: int
    standalone: bool = False
    """True: these pages only check documents; there is no shop behind them."""
    register: bool = True
    """False: there is no register to ask."""
    code_reader: bool = True
    """False: no keys are known to check 2-D codes with, so the page that reads them is not there."""
    events: tuple[tuple[str, str], ...] = ()
    """Slug and name of each that has a page."""
    contact: str = ""
    """Where people reach us (`settings.contact`); empty: nowhere."""

    @property
    def contact_link(self) -> str:
        """What a link to `contact` says."""
        return contact_link(self.contact)


_PLAIN_TEXT = re.compile(r"""\{\{ _\((?:"([^"\\%]*)"|'([^'\\%]*)')\) \}\}""")
_PLAIN_LINK = re.compile(r"\{\{ link\('([^'\\]*)'\) \}\}")
_PLAIN_ASSET = re.compile(r"\{\{ asset\('([^'\\]*)'\) \}\}")


class _FoldingLoader(FileSystemLoader):
    """Puts in plain texts and the addresses of pages and files while a template is compiled.

    Nothing of that is looked up when a page is made.
    """

    def __init__(self, language: str, translations: gettext.NullTranslations, assets: Assets) -> None:
        super().__init__(TEMPLATES)
        self._language = language
        self._translations = translations
        self._assets = assets

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        source, name, is_fresh = super().get_source(environment, template)
        source = _PLAIN_TEXT.sub(self._translate, source)
        source = _PLAIN_LINK.sub(lambda found: str(escape(localise(found[1], self._language))), source)
        return _PLAIN_ASSET.sub(lambda found: self._assets.address(found[1]), source), name, is_fresh

    def _translate(self, match: re.Match[str]) -> str:
        return str(escape(self._translations.gettext(match[1] or match[2] or "")))


class Pages:
    """Renders pages and fragments in either language."""

    def __init__(self, facts: SiteFacts, assets: Assets) -> None:
        self.facts = facts
        self.assets = assets
        self.translations = {language: load_translations(language) for language in LANGUAGES}
        self._compiled = {
            language: CompiledTemplates(TEMPLATES.parent, f"pages_{language}") for language in LANGUAGES
        }
        self._environments = {language: self._environment(language) for language in LANGUAGES}

    def name_tariff(self, face_value: int) -> None:
        """From now on pages name this tariff."""
        if face_value != self.facts.face_value:
            self.facts = replace(self.facts, face_value=face_value)
            self._environments = {language: self._environment(language) for language in LANGUAGES}

    def render(self, visit: Visit, template: str, **context: Any) -> bytes:
        """The page as UTF-8.

        Raises: jinja2.UndefinedError when the template asks for what is not there; ValueError when `context`
        has a name that all templates know as something else, the logo say.
        """
        environment = self._environments[visit.language]
        if not environment.globals.keys().isdisjoint(context):
            taken = sorted(environment.globals.keys() & context)
            raise ValueError(f"{template}: {taken} mean something else everywhere")
        page = environment.get_template(template)
        return page.render(visit=visit, **context).encode()

    def gettext(self, language: str, text: str) -> str:
        """`text` (Indonesian) in `language`."""
        return self.translations[language].gettext(text)

    def _environment(self, language: str) -> Environment:
        environment = Environment(
            loader=_FoldingLoader(language, self.translations[language], self.assets),
            autoescape=True,
            undefined=StrictUndefined,
            extensions=["jinja2.ext.i18n"],
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            cache_size=-1,
            bytecode_cache=self._compiled[language],
        )
        translations: gettext.NullTranslations = self.translations[language]
        environment.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]
        environment.context_class = PlainContext
        environment.globals |= {
            "_": translator(translations),
            "language": language,
            "facts": self.facts,
            "banks": BANKS,
            "holder_length_max": HOLDER_LENGTH_MAX,
            "upload_bytes_max": FILE_BYTES_MAX,
            "upload_files_max": FILES_MAX,
            "checked_bytes_max": CHECKED_BYTES_MAX,
            "asset": self.assets.address,
            "link": partial(localise, language=language),
            "told": partial(_told, language),
            "reason": partial(reason_text, language=language),
            "notice": partial(notice_text, language=language),
            "state": partial(state_text, language=language),
        }
        environment.filters |= {
            "rupiah": format_rupiah,
            "serial": group_serial,
            "size": partial(display.size_text, language=language),
            "number": partial(display.number_text, language=language),
            "date": partial(_date, language),
            "clock": partial(_clock, language),
            "moment": partial(_moment, language),
            "second": partial(_second, language),
            "long_moment": partial(_long_moment, language),
        }
        environment.globals |= _frame(environment, standalone=self.facts.standalone)
        for name in environment.list_templates(extensions=["html"]):
            template = environment.get_template(name)
            template.globals = dict(template.globals)  # a chain of mappings is slow to copy for every page
        self._compiled[language].keep()
        return environment


_MENU = ("", "/beli", "/saya", "/periksa", "/uang", "/bantuan")
"""Where the menu says "you are here"; and everywhere else."""


def _frame(environment: Environment, *, standalone: bool) -> dict[str, Any]:
    """What stands on many pages, made once: logo, where people reach us, foot, and the menu by the page one
    is on."""

    def made(template: str, **context: Any) -> Markup:
        return Markup(environment.get_template(template).render(**context))  # noqa: S704 - our own template

    logo, reach = made("logo.html"), made("reach.html")
    around = {"logo": logo, "reach": reach, "foot": made("foot.html", reach=reach)}
    if standalone:
        return around | {"menu": lambda _path: ""}
    menus = {path: made("menu.html", here=path) for path in _MENU}
    return around | {"menu": lambda path: menus.get(path, menus[""])}


def _told(language: str, code: str, **facts: Any) -> Text:
    return text_of(code, language, facts)


def _date(language: str, moment: datetime, zone: str = display.JAKARTA) -> str:
    return display.date_text(moment, language, zone)


def _clock(language: str, moment: datetime, zone: str = display.JAKARTA) -> str:
    return display.clock_text(moment, language, zone)


def _moment(language: str, moment: datetime, zone: str = display.JAKARTA) -> str:
    return display.moment_text(moment, language, zone)


def _second(language: str, moment: datetime, zone: str = display.JAKARTA) -> str:
    return display.second_text(moment, language, zone)


def _long_moment(language: str, moment: datetime, zone: str = display.JAKARTA) -> str:
    return display.long_moment_text(moment, language, zone)
