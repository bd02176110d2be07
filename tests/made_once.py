"""What is the same each time and slow to make, made once in a test process."""

from __future__ import annotations

from functools import cache

import pytest
from cryptography.hazmat.primitives import serialization

from meterai.web.pages.assets import Assets

_assets = cache(Assets)


def make_once(patch: pytest.MonkeyPatch) -> None:
    """Sites that a test builds share static files.

    A key is checked when it is first read: pyHanko does it for every signature, and it takes ten times as
    long as signing.
    """
    patch.setattr("meterai.web.site.Assets", _assets)
    patch.setattr(serialization, "load_der_private_key", cache(serialization.load_der_private_key))
