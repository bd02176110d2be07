"""Chromium in front of the running service (the `service` fixture starts `meterai up`).

Each test gets people with a browser of their own: `visitor(width=360, scripts=True, language="id")`. At the
end of each test these are checked: no request left the service, no script or policy failed.

With `METERAI_SCREENSHOTS=1` screenshots go to `screenshots/` at the root of the project, which is not
committed. Without it none is taken: one costs as much as loading the page.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.person import Person, Site
from tests.kept import BROWSER
from tests.running_service import RunningService

PATIENCE_S = 180
SCREENSHOTS = Path(__file__).parents[2] / "screenshots" if os.environ.get("METERAI_SCREENSHOTS") else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks these tests, for `-m browser` and `-m "not browser"`."""
    here = f"{Path(__file__).parent}/"
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    """Ends a test whose browser never answers: some of Playwright's calls would wait for ever."""

    def give_up(*_: object) -> None:
        raise TimeoutError(f"the browser has not answered for {PATIENCE_S} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE_S)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="module")
def chromium() -> Browser:
    """Debian's Chromium, one for all files of tests in a row that use it."""
    return BROWSER.begin()


@pytest.fixture(scope="module")
def site(service: RunningService) -> Site:
    """The addresses of the service."""
    addresses = service.addresses
    return Site(addresses.site, addresses.inbox, addresses.gateway, SCREENSHOTS)


type Visitor = Callable[..., Person]


@pytest.fixture
def visitor(chromium: Browser, site: Site) -> Iterator[Visitor]:
    """Makes people: `visitor(width=360, scripts=True, language="id")`."""
    people: list[Person] = []

    def arrive(*, width: int = 360, scripts: bool = True, language: str = "id") -> Person:
        person = Person(chromium, site, width=width, scripts=scripts, language=language)
        people.append(person)
        return person

    yield arrive
    for person in people:
        person.leave()


@pytest.fixture(scope="module")
def regulars() -> Iterator[dict[tuple[int, str], Person]]:
    """People whose browser stays open between the tests of a file, by width and language."""
    people: dict[tuple[int, str], Person] = {}
    yield people
    for person in people.values():
        person.leave()


@pytest.fixture
def onlooker(chromium: Browser, site: Site, regulars: dict[tuple[int, str], Person]) -> Iterator[Visitor]:
    """Makes people as `visitor` does, for tests that only look: a new browser costs more than that."""
    here: list[Person] = []

    def arrive(*, width: int = 360, language: str = "id") -> Person:
        if (width, language) not in regulars:
            person = Person(chromium, site, width=width, scripts=True, language=language)
            regulars[width, language] = person
        here.append(regulars[width, language])
        return here[-1]

    yield arrive
    for person in here:
        person.forget()
