"""What every site makes at its start, made once in a test process: half a second each time otherwise."""

from __future__ import annotations

from functools import cache, partial

import pytest
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


def compile_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sites built from now on share templates and static files."""
    monkeypatch.setattr("meterai.web.pages.Environment", _environment)
    monkeypatch.setattr("meterai.web.site.Assets", _assets)
