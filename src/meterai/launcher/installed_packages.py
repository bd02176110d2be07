"""Compares the installed packages with the lock of this release."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_CHECKOUT = Path(__file__).parents[3]
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


def stale_packages(checkout: Path = _CHECKOUT) -> list[str]:
    """Dependencies that are missing here, or in another version than `requirements.lock` of `checkout`.

    Each as `name version` of the lock. Empty where there is no such file, as for an installed wheel.
    """
    try:
        project = tomllib.loads((checkout / "pyproject.toml").read_text())["project"]
        locked = dict(_LOCKED.findall((checkout / "requirements.lock").read_text()))
    except FileNotFoundError:
        return []
    names = [found[0] for line in project["dependencies"] if (found := _NAME.match(line))]
    return [f"{name} {locked[name]}" for name in names if name in locked and _installed(name) != locked[name]]


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
