"""The gate's pages: Jinja templates, with the style and scripts that stand in them."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from meterai.kit.http import work_demand
from meterai.kit.settings import contact_link
from meterai.texts.mechanism.catalogues import load_translations, look_up, names_of_languages
from meterai.texts.mechanism.languages import languages, of_two, prefix_of
from meterai.waiting_room.files.shown_event import ShownEvent

FOLDER = Path(__file__).parent
_WORK_SCRIPTS = Path(work_demand.__file__).parent / "static"
_ASSET = re.compile(r"/antre/_/(\w+)\.[0-9a-f]{12}(\.\w+)")
_TOKEN = re.compile(
    r'("(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`|/"(?:[^/\\\n]|\\.)+/)'
    r"| *([-=+*/<>?:;,{}()\[\]|&!]) *"
)
"""Texts and patterns of our scripts, which stay as they are, or a sign with the space around it."""
_IN_PAGES = {"wait.js", "called.js", "ticket.js", "straight.js"}
_TYPES = {".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class EventFacts:
    """What pages say about an event."""

    slug: str
    names: dict[str, str]
    """In Indonesian (`id`) and English (`en`)."""
    zone: str
    documents: dict[str, tuple[str, ...]]
    """Names of the documents to prepare, in Indonesian (`id`) and English (`en`)."""

    @classmethod
    def of(cls, slug: str, shown: ShownEvent) -> EventFacts:
        """The facts of an event, as the controller publishes them."""
        return cls(slug, shown.names, shown.zone, shown.documents)

    def name_in(self, language: str) -> str:
        """The event's name, in the language of a page."""
        return of_two(language, self.names["id"], self.names["en"])

    def documents_in(self, language: str) -> tuple[str, ...]:
        """What to prepare, in the language of a page."""
        return of_two(language, self.documents["id"], self.documents["en"])


class Pages:
    """Templates in all languages, scripts named by their content, and the style inside every page.

    `site`: the site's address without a slash at its end. `operator` and `contact`: of the company.
    """

    def __init__(self, site: str, *, operator: str = "", contact: str = "") -> None:
        self.site = site
        self.operator = operator
        self.contact = contact
        self.style = _squeeze((FOLDER / "static" / "gate.css").read_text())
        self.style_hash = _hash(self.style)
        wait, called, ticket, self.straight = (
            _bare((FOLDER / "static" / f"{name}.js").read_text())
            for name in ("wait", "called", "ticket", "straight")
        )
        self.script, self.called_script = f"{ticket}\n{wait}", f"{ticket}\n{called}"
        self.script_hashes = [_hash(self.script), _hash(self.called_script), _hash(self.straight)]
        self.assets: dict[str, tuple[str, bytes]] = {}
        """Address -> (content type, content)."""
        self._addresses: dict[str, str] = {}
        for path in sorted((*(FOLDER / "static").iterdir(), *_WORK_SCRIPTS.iterdir())):
            if path.suffix in _TYPES and path.name not in _IN_PAGES:
                content = path.read_bytes()
                name = f"/antre/_/{path.stem}.{hashlib.sha256(content).hexdigest()[:12]}{path.suffix}"
                self._addresses[path.name] = name
                self.assets[name] = (_TYPES[path.suffix], content)
        self._environments = {language: self._environment(language) for language in languages()}

    def asset_of_another_release(self, address: str) -> tuple[str, bytes] | None:
        """The present content of a script or picture that a page of another release names.

        None when there is none of this name.
        """
        found = _ASSET.fullmatch(address)
        known = self._addresses.get(found[1] + found[2]) if found else None
        return self.assets[known] if known else None

    def render(self, template: str, language: str, *, path: str, **facts: Any) -> bytes:
        """A page. `path`: its address without the language.

        Raises: jinja2.UndefinedError when the template asks for a fact that is not given.
        """
        found = self._environments[language].get_template(template)
        return found.render(path=path, **facts).encode()

    def _environment(self, language: str) -> jinja2.Environment:
        prefix = prefix_of(language)
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            auto_reload=False,
        )
        environment.globals |= {
            "language": language,
            "switch": _switch(),
            "_": _sentences_in(language),
            "ngettext": load_translations(language).ngettext,
            "link": (lambda path: f"{prefix}{path.rstrip('/')}") if prefix else (lambda path: path),
            "asset": self._addresses.__getitem__,
            "site": self.site,
            "operator": self.operator,
            "reach": self.contact,
            "reach_link": contact_link(self.contact),
            "style": Markup(self.style),  # noqa: S704 - a file of ours
            "script": Markup(self.script),  # noqa: S704 - files of ours
            "called_script": Markup(self.called_script),  # noqa: S704 - files of ours
            "straight": Markup(self.straight),  # noqa: S704 - a file of ours
            "address": "",
        }
        return environment


def _switch() -> list[tuple[str, str, str, str]]:
    """(code, code as it is shown, name, prefix of addresses) of every language."""
    names = names_of_languages()
    return [(code, code.upper(), name, prefix_of(code)) for code, name in names.items()]


def _sentences_in(language: str) -> Callable[[str], Markup]:
    """Translates the sentences of templates, each escaped once for all pages."""

    @cache
    def sentence(indonesian: str) -> Markup:
        return escape(look_up(indonesian, language))

    return sentence


def _hash(text: str) -> str:
    """The hash by which a content security policy allows a style or script (CSP level 3)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _bare(script: str) -> str:
    """The script without comments, indentation, and space around signs."""
    lines = (line.strip() for line in re.sub(r"/\*.*?\*/", "", script).splitlines())
    bare = "\n".join(line for line in lines if line and not line.startswith("//"))
    return _TOKEN.sub(lambda found: found[1] or found[2], bare)


def _squeeze(css: str) -> str:
    """The style without comments and line breaks."""
    return re.sub(r"\s*\n\s*", "", re.sub(r"/\*.*?\*/", "", css, flags=re.S))
