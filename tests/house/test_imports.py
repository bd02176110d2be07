"""Every package that is imported is declared in pyproject.toml, for the service or for development."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions

import pytest

from tests.launcher.test_scripts import DEVELOPMENT, ROOT, RUNTIME, SDK, names_of

OURS = {"src": {"meterai", "sandbox", "simulator"}, "sdk/python/src": {"meterai_sdk"}}
ALL_OURS = {"meterai", "meterai_sdk", "sandbox", "simulator", "benchmarks", "chaos", "tests"}
NOT_INSTALLED = ("tests/corpus/making/", "tests/fuzz/run.py")
"""Makers of files that are in the repository, and the fuzzer: they run in an environment of their own."""


@cache
def imported(folder: str) -> set[tuple[str, str]]:
    """Each file below a folder of the checkout with each package that it imports."""
    return set(_imported(folder))


def _imported(folder: str) -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / folder).rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from ((name, alias.name.partition(".")[0]) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                yield name, (node.module or "").partition(".")[0]


@cache
def distributions() -> dict[str, set[str]]:
    """The packages on the index that bring each package that can be imported."""
    return {
        name: {one.lower().replace("_", "-") for one in found}
        for name, found in packages_distributions().items()
    }


@pytest.mark.parametrize(
    ("folder", "declared"),
    [
        ("src", names_of(RUNTIME)),
        ("sdk/python/src", names_of(SDK)),
        ("benchmarks", names_of(RUNTIME + DEVELOPMENT)),
        ("chaos", names_of(RUNTIME + DEVELOPMENT)),
        ("tests", names_of(RUNTIME + DEVELOPMENT)),
    ],
)
def test_what_is_imported_is_declared(folder: str, declared: set[str]) -> None:
    ours = OURS.get(folder, ALL_OURS)
    undeclared = {
        (file, package)
        for file, package in imported(folder)
        if package not in sys.stdlib_module_names
        and package not in ours
        and not file.startswith(NOT_INSTALLED)
        and not distributions().get(package, set()) & declared
    }
    assert undeclared == set()


def test_there_is_something_to_look_at() -> None:
    assert ("src/meterai/kit/smtp_sender.py", "aiosmtplib") in imported("src")
    assert (ROOT / NOT_INSTALLED[0]).is_dir()
    assert (ROOT / NOT_INSTALLED[1]).is_file()
