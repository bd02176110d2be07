"""What is the same each time and slow to make, made once in a test process."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from litestar import Litestar
from litestar.datastructures import State

from meterai.web import site
from meterai.web.pages.assets import Assets

_assets = cache(Assets)
_make_routes = site._routes


@cache
def _routes_for_all(more_routes: tuple[Any, ...]) -> Litestar:
    return _make_routes(more_routes)


def _routes(more_routes: Sequence[Any]) -> Litestar:
    """The routes with a state of their own: Litestar takes it from the copy that a request came to."""
    routes = copy(_routes_for_all(tuple(more_routes)))
    routes.state = State()
    return routes


def make_once(patch: pytest.MonkeyPatch) -> None:
    """Sites that a test builds share static files and routes: these take a quarter of a second.

    A key is checked when it is first read: pyHanko does it for every signature, and it takes ten times as
    long as signing.
    """
    patch.setattr(site, "Assets", _assets)
    patch.setattr(site, "_routes", _routes)
    patch.setattr(serialization, "load_der_private_key", cache(serialization.load_der_private_key))
