"""Marker values of a person's journey, and a look whether one stands where nobody may read it."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from tests.browser.person import Person
from tests.running_service import RunningService

_FIGURES = "the figures"


def cookies_of(person: Person) -> list[str]:
    """The values of a person's cookies that are long enough to be secret."""
    values = [str(cookie.get("value", "")) for cookie in person.page.context.cookies()]
    return [value for value in values if len(value) >= 16]


def assert_unmarked(service: RunningService, marks: Iterable[str]) -> None:
    """Looks for every mark in the logs, signs of life and figures of all processes.

    A mark counts in any case, escaped for an address, and without what stands before it in its number.
    """
    texts = dict(_texts(service))
    assert len(texts) > len(service.children()), "each process has a log"
    for known, file in (("worker.ready", "worker.log"), ("meterai_build_info", _FIGURES)):
        assert _pattern(known).search(texts[file]), f"a mark in {file} would not be found"
    for mark in marks:
        pattern = _pattern(mark)
        found = [name for name, text in texts.items() if pattern.search(text)]
        assert not found, f"{found} name {mark}"


def _pattern(mark: str) -> re.Pattern[str]:
    words = {mark, quote(mark, safe=""), mark.replace(" ", "+"), mark.replace(" ", "%20")}
    longest = "|".join(re.escape(word) for word in sorted(words))
    return re.compile(rf"(?<![\w.])(?:{longest})(?!\w)", re.IGNORECASE)


def _texts(service: RunningService) -> Iterator[tuple[str, str]]:
    files = [*(service.data / "logs").iterdir(), *(service.data / "run").glob("*.json")]
    for file in files:
        yield file.name, file.read_text(errors="replace")
    yield "the launcher's output", service.output
    token = (service.data / "secrets" / "metrics-token").read_text().strip()
    request = urllib.request.Request(
        f"{service.addresses.site}/api/v1/metrics", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request) as answer:
        yield _FIGURES, answer.read().decode()
