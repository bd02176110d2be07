"""Browsers: the cookies by which we know one, and a plain name for it."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

Which = Literal["one", "others", "all"]
"""Which sessions of a customer end."""


class Browser(msgspec.Struct, frozen=True, kw_only=True):
    """The browser that a request comes from."""

    token: str = ""
    """The cookie of its session. Empty: none."""
    mark: str = ""
    """The cookie by which it is known, also when nobody is signed in any more. Empty: none."""
    name: str = ""
    """Such as Chrome; empty: unknown."""
    system: str = ""
    """Such as Android; empty: unknown."""

    def __repr__(self) -> str:
        return f"Browser(name={self.name!r}, system={self.system!r})"  # the cookies stay out of logs


# The first one that a user agent contains counts: most of them name Chrome or Safari, too.
_NAMES: Final = (
    ("SamsungBrowser/", "Samsung Internet"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("OPT/", "Opera"),
    ("UCBrowser/", "UC Browser"),
    ("MiuiBrowser/", "Mi Browser"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)


def browser_name(user_agent: str) -> str:
    """The browser's name by its user agent; empty when it is none of the usual ones."""
    return _first_in(user_agent, _NAMES)


def system_name(user_agent: str) -> str:
    """The name of the telephone or computer by the user agent; empty when it is none of the usual ones."""
    return _first_in(user_agent, _SYSTEMS)


def _first_in(text: str, names: tuple[tuple[str, str], ...]) -> str:
    return next((name for part, name in names if part in text), "")
