"""Which tests `script/test` and `script/test --fast` leave out.

Out of a fast run: those with a marker that says what they need. The marker follows from the fixtures that a
test uses, or from its folder. A test that starts the service in its own way says so itself:
`@pytest.mark.journey`. A fast run fails where the marker is missing.

Out of all runs but `--long`: those that cost much and guard what changes rarely, `@pytest.mark.long`. Of the
cases of a test that stands for many, `@pytest.mark.everyday("360-id")` names those that run every day: an id
or its first parts. `@pytest.mark.everyday(one_in=5)` takes a fifth of them, always the same. Whatever the
service can do has a test that runs every day.
"""

from __future__ import annotations

import os
import re
import sys
import zlib
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

import pytest

_BY_FIXTURE: Final = {
    "cluster": "storage",
    "service": "journey",
    "gate": "journey",
    "installed": "long",
    "nats_server": "journey",
}
_BY_FOLDER: Final = {
    "attacks": "hostile",
    "browser": "browser",
    "changes": "hostile",
    "corpus": "hostile",
    "fuzz": "hostile",
    "hostile": "hostile",
}
_LONG_FOLDERS: Final = ("corpus",)
SLOW: Final = ("storage", "journey", "browser", "hostile", "slow", "long")
FAST: Final = f"not ({' or '.join(SLOW)})"
"""For pytest's option -m, as is `EVERYDAY`."""
EVERYDAY: Final = "not long"
_STARTS_SLOWLY: Final = re.compile(
    r"^meterai\.processes\.|/(postgres|pg_ctl|initdb|pg_dump|chromium.*|nginx|nats-server)$"
)

_START_SERVICES: Final = (("meterai.cli", "up"), ("benchmarks", "queue"))
"""Words of commands that start processes of the service themselves."""


def mark(item: pytest.Item, folder: str) -> None:
    """Gives a test in a folder of tests/ the markers of what it needs."""
    fixtures = item.fixturenames if isinstance(item, pytest.Function) else ()
    names = {marker for fixture, marker in _BY_FIXTURE.items() if fixture in fixtures}
    if folder in _BY_FOLDER:
        names.add(_BY_FOLDER[folder])
    if folder in _LONG_FOLDERS or _is_another_case(item):
        names.add("long")
    for name in names:
        item.add_marker(name)


def _is_another_case(item: pytest.Item) -> bool:
    """Whether its test names the cases of every day, and not this one."""
    marker = item.get_closest_marker("everyday")
    if marker is None or not isinstance(item, pytest.Function):
        return False
    if "one_in" in marker.kwargs:
        return zlib.crc32(item.callspec.id.encode()) % int(marker.kwargs["one_in"]) != 0
    return not any(_is_case(item, name) for name in marker.args)


def _is_case(item: pytest.Function, name: str) -> bool:
    return f"{item.callspec.id}-".startswith(f"{name}-")


def refuse_unknown_cases(items: Sequence[pytest.Item]) -> None:
    """Raises: pytest.UsageError where a test names a case of every day that it does not have."""
    cases = defaultdict(list)
    for item in items:
        if isinstance(item, pytest.Function) and item.get_closest_marker("everyday"):
            cases[item.path, item.originalname].append(item)
    for (path, test), those in cases.items():
        marker = those[0].get_closest_marker("everyday")
        for name in marker.args if marker else ():
            if not any(_is_case(one, name) for one in those):
                raise pytest.UsageError(f"{path}: {test} has no case {name!r}")


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
