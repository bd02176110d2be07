"""Renders the console's pages, in the language that the officer chose."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

from babel.numbers import format_decimal
from jinja2 import Environment
from litestar import Request, Response
from litestar.template.base import csrf_token

from meterai.bootstrap import ConsoleApp
from meterai.console.menu import menu_for
from meterai.console.session import SignedIn
from meterai.kernel.money import format_rupiah
from meterai.kit.formats import display
from meterai.texts.mechanism import moments
from meterai.texts.mechanism.languages import SOURCE, known_language
from meterai.texts.mechanism.page_environment import page_environment

TEMPLATES: Final = Path(__file__).parent / "templates"
STATIC: Final = Path(__file__).parent / "static"
LANGUAGE_COOKIE: Final = "bahasa"

type Asked = Request[Any, Any, Any]
_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    """A static file, found at an address that names its content."""

    address: str
    content_type: str
    content: bytes


def language_of(request: Asked) -> str:
    """The language that the officer chose; Indonesian if none."""
    return known_language(request.cookies.get(LANGUAGE_COOKIE, SOURCE))


def page(request: Asked, template: str, status_code: int = 200, **context: Any) -> Response[bytes]:
    """Renders a page. Raises: jinja2.UndefinedError when the template needs a name that is missing."""
    app: ConsoleApp = request.app.state.service
    officer: SignedIn | None = request.scope.get("user")
    language = language_of(request)
    content = (
        environment_of(language)
        .get_template(template)
        .render(
            officer=officer,
            menu=menu_for(officer, language) if officer else [],
            path=request.url.path,
            csrf=csrf_token({"request": request}),
            development=app.settings.environment == "development",
            site=app.settings.public_url.rstrip("/"),
            **context,
        )
    )
    return Response(content.encode(), status_code=status_code, media_type="text/html; charset=utf-8")


def fragment(language: str, template: str, **context: Any) -> str:
    """Renders a part of a page, as the page itself includes it."""
    return environment_of(language).get_template(template).render(**context)


@cache
def assets() -> dict[str, Asset]:
    """The static files by name."""
    return {path.name: _asset(path) for path in sorted(STATIC.iterdir()) if path.suffix in _TYPES}


def _asset(path: Path) -> Asset:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:12]
    return Asset(f"/aset/{path.stem}.{digest}{path.suffix}", _TYPES[path.suffix], content)


def _decimal(number: float, language: str) -> str:
    return format_decimal(round(number, 1), locale=language)


def _address(name: str) -> str:
    return assets()[name].address


@cache
def environment_of(language: str) -> Environment:
    """Makes Jinja's environment of a language: its translations and filters."""
    environment = page_environment(TEMPLATES, language)
    environment.globals["asset"] = _address
    environment.filters |= {
        "rupiah": format_rupiah,
        "number": partial(display.number_text, language=language),
        "moment": partial(moments.moment_text, language=language),
        "second": partial(moments.second_text, language=language),
        "decimal": partial(_decimal, language=language),
        "wait": partial(display.wait_text, language=language),
        "size": partial(display.size_text, language=language),
        "day": partial(display.day_text, language=language),
        "month": partial(display.month_text, language=language),
    }
    return environment
