"""Where people and programs read of an incident, and how soon."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

NEWS_WITHIN_S: Final = 10.0
"""The promise of docs/news.md."""
_LOOKS_AGAIN_S: Final = 0.2
_GIVES_UP_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Reader:
    """An address, and the cookies of who opens it."""

    address: str
    cookies: str = ""

    def reads(self) -> str:
        """What it says now; empty: it does not answer."""
        try:
            asked = urllib.request.Request(self.address, headers={"Cookie": self.cookies})
            with urllib.request.urlopen(asked, timeout=5) as answer:
                return answer.read().decode()
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return ""


def measure(
    readers: Mapping[str, Reader], words: str, *, since: float, there: bool = True
) -> dict[str, float]:
    """Seconds after `since` (time.monotonic()) from which each reader has the words, or not any more.

    Raises: AssertionError for who does not read it within `NEWS_WITHIN_S`.
    """
    seconds: dict[str, float] = {}
    while len(seconds) < len(readers) and time.monotonic() - since < _GIVES_UP_S:
        for name in set(readers) - set(seconds):
            text = readers[name].reads()
            if text and (words in text) is there:
                seconds[name] = time.monotonic() - since
        time.sleep(_LOOKS_AGAIN_S)
    late = [name for name in readers if seconds.get(name, _GIVES_UP_S) > NEWS_WITHIN_S]
    assert not late, f"not within {NEWS_WITHIN_S:g} s: {late}; the others: {seconds}"
    return seconds


def told(seconds: Mapping[str, float]) -> str:
    """The same in words."""
    return ", ".join(f"{name} {after:.1f}" for name, after in seconds.items())
