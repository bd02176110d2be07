"""The gate's pages. A page is one small answer, in the language for which its template was compiled."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

FOLDER = Path(__file__).parent
_WORDS = re.compile(r'\{\{ t\("([^"]*)", "([^"]*)"\) \}\}')
_ASSET = re.compile(r"/antre/_/(\w+)\.[0-9a-f]{12}(\.\w+)")
_FRAMES_MAX = 512
_IN_PAGES = {"wait.js", "straight.js"}
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


def other_of(path: str, language: str) -> str:
    """The address of a page in the other language. `path`: without the language."""
    return path if language == "en" else f"/en{path}"


def slot(name: str) -> Markup:
    """Where a page of `Pages.frame` has one of its own facts."""
    return Markup(f"\ue000{name}\ue001")  # noqa: S704 - no markup; of the characters for private use


@dataclass(frozen=True, slots=True)
class Frame:
    """A rendered page without what is its own."""

    parts: tuple[bytes, ...]
    slots: tuple[tuple[int, str], ...]
    """(index in `parts`, name)"""

    def fill(self, own: Mapping[str, str | int]) -> bytes:
        """The page. `own`: a fact for each slot."""
        parts = list(self.parts)
        for index, name in self.slots:
            parts[index] = _printed(own[name])
        return b"".join(parts)

    def fill_partly(self, own: Mapping[str, str | int]) -> Frame:
        """With these facts for all who get the page, and slots for what is each one's own still."""
        parts: list[bytes] = [b""]
        slots = []
        names = dict(self.slots)
        for index, part in enumerate(self.parts):
            name = names.get(index)
            if name is None or name in own:
                parts[-1] += part if name is None else _printed(own[name])
            else:
                slots.append((len(parts), name))
                parts += [b"", b""]
        return Frame(tuple(parts), tuple(slots))


def _printed(fact: str | int) -> bytes:
    return (str(fact) if type(fact) is int else escape(fact)).encode()


class Pages:
    """Templates of both languages, scripts named by their content, and the style that every page holds.

    `site`: address of the site without a slash at its end.
    """

    def __init__(self, site: str) -> None:
        self.site = site
        self.style = _squeeze((FOLDER / "static" / "gate.css").read_text())
        self.style_hash = _hash(self.style)
        self.script = _bare((FOLDER / "static" / "wait.js").read_text())
        self.straight = _bare((FOLDER / "static" / "straight.js").read_text())
        self.script_hashes = [_hash(self.script), _hash(self.straight)]
        self.assets: dict[str, tuple[str, bytes]] = {}
        """Address -> (content type, content)."""
        self._addresses: dict[str, str] = {}
        for path in sorted((FOLDER / "static").iterdir()):
            if path.suffix in _TYPES and path.name not in _IN_PAGES:
                content = path.read_bytes()
                name = f"/antre/_/{path.stem}.{hashlib.sha256(content).hexdigest()[:12]}{path.suffix}"
                self._addresses[path.name] = name
                self.assets[name] = (_TYPES[path.suffix], content)
        self._frames: dict[Hashable, Frame] = {}
        self._templates = {language: self._environment(language) for language in ("id", "en")}

    def asset_of_another_release(self, address: str) -> tuple[str, bytes] | None:
        """The present content of a script or picture that a page of another release names; None when there is
        none of this name."""
        found = _ASSET.fullmatch(address)
        known = self._addresses.get(found[1] + found[2]) if found else None
        return self.assets[known] if known else None

    def render(self, template: str, language: str, *, path: str, **facts: Any) -> bytes:
        """A page. `path`: its address without the language."""
        found = self._templates[language].get_template(template)
        return found.render(other=other_of(path, language), **facts).encode()

    def frame(
        self, template: str, language: str, facts: Mapping[str, Hashable], slots: Collection[str]
    ) -> Frame:
        """A page of which many differ in some printed facts only, such as numbers: a fraction of the work.

        `facts` decide what the page looks like; for each set of them the template is rendered once, and
        kept. `slots`: facts that the template prints as they are and never asks about (`slot`).
        """
        key = (template, language, *facts.values(), *slots)
        found = self._frames.get(key)
        if found is None:
            if len(self._frames) >= _FRAMES_MAX:
                self._frames.clear()
            found = self._frames[key] = self._framed(template, language, facts, slots)
        return found

    def _framed(
        self, template: str, language: str, facts: Mapping[str, Hashable], slots: Collection[str]
    ) -> Frame:
        marked = {name: slot(name) for name in slots}
        text = self._templates[language].get_template(template).render(**marked, **facts)
        parts = re.split(slot(f"({'|'.join(slots)})"), text)
        names = tuple((index, name) for index, name in enumerate(parts) if index % 2)
        return Frame(tuple(part.encode() for part in parts), names)

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
            "straight": Markup(self.straight),  # noqa: S704 - a file of ours
            "address": "",
        }
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
