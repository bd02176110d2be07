"""What is the same each time and slow to make, made once in a test process."""

from __future__ import annotations

from functools import cache, partial

import pytest
from cryptography.hazmat.primitives import serialization
from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket

from meterai.web.assets import Assets


class _Compiled(BytecodeCache):
    """Templates by language, name and source: what the compiler folds differs between two languages."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if known := self._known.get(_identity(bucket)):
            bucket.bytecode_from_string(known)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[_identity(bucket)] = bucket.bytecode_to_string()


def _identity(bucket: Bucket) -> tuple[str, str, str]:
    return bucket.environment.globals["language"], bucket.key, bucket.checksum


_environment = partial(Environment, bytecode_cache=_Compiled())
_assets = cache(Assets)


def make_once(patch: pytest.MonkeyPatch) -> None:
    """Sites that a test builds share templates and static files, half a second each.

    A key is checked when it is first read: pyHanko does it for every signature, and it takes ten times as
    long as signing.
    """
    patch.setattr("meterai.web.pages.Environment", _environment)
    patch.setattr("meterai.web.site.Assets", _assets)
    patch.setattr(serialization, "load_der_private_key", cache(serialization.load_der_private_key))
