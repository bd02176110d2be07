"""Which tests `script/test --fast` leaves out: each has a marker that says what it needs.

The marker follows from the fixtures that a test uses, or from its folder. A test that starts the service in
its own way says so itself: `@pytest.mark.journey`. A fast run fails where the marker is missing.
"""

from __future__ import annotations

import os
import re
import sys
from typing import Any, Final

import pytest

_BY_FIXTURE: Final = {"cluster": "storage", "service": "journey", "gate": "journey"}
_BY_FOLDER: Final = {
    "attacks": "hostile",
    "browser": "browser",
    "changes": "hostile",
    "corpus": "hostile",
    "fuzz": "hostile",
    "hostile": "hostile",
}
SLOW: Final = ("storage", "journey", "browser", "hostile", "slow")
FAST: Final = f"not ({' or '.join(SLOW)})"
"""For pytest's option -m."""
_STARTS_SLOWLY: Final = re.compile(
    r"^meterai\.processes\.|/(postgres|pg_ctl|initdb|pg_dump|chromium.*|nginx)$"
)

_START_SERVICES: Final = (("meterai.cli", "up"), ("benchmarks", "queue"))
"""Words of commands that start processes of the service themselves."""


def mark(item: pytest.Item, folder: str) -> None:
    """Gives a test in a folder of tests/ the markers of what it needs."""
    fixtures = item.fixturenames if isinstance(item, pytest.Function) else ()
    names = {marker for fixture, marker in _BY_FIXTURE.items() if fixture in fixtures}
    if folder in _BY_FOLDER:
        names.add(_BY_FOLDER[folder])
    for name in names:
        item.add_marker(name)


def refuse_slow_processes() -> None:
    """From here on, a test that starts a database, a browser or a process of the service fails."""
    sys.addaudithook(_refuse)


def _refuse(event: str, given: tuple[Any, ...]) -> None:
    if event != "subprocess.Popen":
        return
    words = [os.fsdecode(word) for word in (given[0], *given[1]) if word is not None]
    program = next((word for word in words if _STARTS_SLOWLY.search(word)), None)
    if program is None:
        program = next((" ".join(command) for command in _START_SERVICES if {*command} <= {*words}), None)
    if program is not None:
        raise AssertionError(f"this test starts {program}: it needs a marker (tests/speeds.py)")
