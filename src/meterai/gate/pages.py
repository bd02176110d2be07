"""The gate's pages. A page is one small answer, in the language for which its template was compiled."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from meterai.gate.clocks import number_text

FOLDER = Path(__file__).parent
_WORDS = re.compile(r'\{\{ t\("([^"]*)", "([^"]*)"\) \}\}')
_TYPES = {".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class EventFacts:
    """What pages say of an event."""

    slug: str
    name: str
    zone: str
    documents: dict[str, tuple[str, ...]]
    """By language: what to prepare."""


class _Loader(jinja2.FileSystemLoader):
    """Puts the words of one language into a template before it is compiled: no page asks for them again."""

    def __init__(self, *, is_english: bool) -> None:
        super().__init__(FOLDER / "templates")
        self._which = 2 if is_english else 1

    def get_source(
        self, environment: jinja2.Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        source, name, is_fresh = super().get_source(environment, template)
        return _WORDS.sub(lambda found: escape(found[self._which]), source), name, is_fresh


class Pages:
    """Templates of both languages, scripts named by their content, and the style that every page holds.

    `site`: address of the site without a slash at its end.
    """

    def __init__(self, site: str) -> None:
        self.site = site
        self.style = _squeeze((FOLDER / "static" / "gate.css").read_text())
        self.style_hash = _hash(self.style)
        self.script = _bare((FOLDER / "static" / "wait.js").read_text())
        self.script_hash = _hash(self.script)
        self.assets: dict[str, tuple[str, bytes]] = {}
        """Address -> (content type, content)."""
        self._addresses: dict[str, str] = {}
        for path in sorted((FOLDER / "static").iterdir()):
            if path.suffix in _TYPES and path.name != "wait.js":
                content = path.read_bytes()
                name = f"/antre/_/{path.stem}.{hashlib.sha256(content).hexdigest()[:12]}{path.suffix}"
                self._addresses[path.name] = name
                self.assets[name] = (_TYPES[path.suffix], content)
        self._templates = {language: self._environment(language) for language in ("id", "en")}

    def render(self, template: str, language: str, *, path: str, **facts: Any) -> bytes:
        """A page. `path`: its address without the language."""
        other = path if language == "en" else f"/en{path}"
        found = self._templates[language].get_template(template)
        return found.render(other=other, **facts).encode()

    def _environment(self, language: str) -> jinja2.Environment:
        is_english = language == "en"
        environment = jinja2.Environment(
            loader=_Loader(is_english=is_english),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            auto_reload=False,
        )
        environment.globals |= {
            "language": language,
            "t": (lambda _, en: en) if is_english else (lambda id, _: id),
            "link": (lambda path: f"/en{path.rstrip('/')}") if is_english else (lambda path: path),
            "asset": self._addresses.__getitem__,
            "site": self.site,
            "style": Markup(self.style),  # noqa: S704 - a file of ours
            "script": Markup(self.script),  # noqa: S704 - a file of ours
        }
        environment.filters["number"] = lambda number: number_text(number, language)
        return environment


def _hash(text: str) -> str:
    """As a content security policy names what may stand in a page (CSP level 3)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _bare(script: str) -> str:
    """Without comments of their own lines and without the space before lines."""
    lines = (line.strip() for line in re.sub(r"/\*.*?\*/", "", script).splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def _squeeze(css: str) -> str:
    return re.sub(r"\s*\n\s*", "", re.sub(r"/\*.*?\*/", "", css, flags=re.S))
