"""What Jinja makes of templates, kept beside what Python makes of modules."""

from __future__ import annotations

import hashlib
import os
import sys
from contextlib import suppress
from functools import cache
from importlib.util import cache_from_source
from pathlib import Path

import jinja2
import msgspec
from jinja2.bccache import Bucket

from meterai.kit.files.atomic_write import write_whole

_PACKAGE = Path(__file__).parents[1]


class _Kept(msgspec.Struct, frozen=True):
    made_of: bytes
    codes: dict[str, bytes]
    """By name and place of a template."""


class CompiledTemplates(jinja2.BytecodeCache):
    """The compiled templates of one environment, in one file in the `__pycache__` of a folder of ours.

    As with modules: templates are compiled anew once they or anything that they may depend on is another (any
    module of this package: what filters make of what stands in a template is worked out at once), and nothing
    is written where Python writes nothing.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._file = Path(cache_from_source(str(folder / f"{name}.py"))).with_suffix(".templates")
        self._codes = _read(self._file)
        self._has_more = False

    def load_bytecode(self, bucket: Bucket) -> None:
        """Jinja asks; a template that has changed meanwhile it compiles itself."""
        if code := self._codes.get(bucket.key):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Jinja has compiled one."""
        self._codes[bucket.key] = bucket.bytecode_to_string()
        self._has_more = True

    def keep(self) -> None:
        """Writes what was compiled, for the next start."""
        if self._has_more and not sys.dont_write_bytecode:
            with suppress(OSError):  # an installation that only root may write to
                self._file.parent.mkdir(exist_ok=True)
                write_whole(self._file, msgspec.msgpack.encode(_Kept(_made_of(), self._codes)), durable=False)
        self._has_more = False


@cache
def _read(file: Path) -> dict[str, bytes]:
    """What all environments of a process share."""
    try:
        kept = msgspec.msgpack.decode(file.read_bytes(), type=_Kept)
    except (OSError, msgspec.MsgspecError, ValueError):
        return {}
    return kept.codes if kept.made_of == _made_of() else {}


@cache
def _made_of() -> bytes:
    """Changes with any module of this package, and with Jinja."""
    digest = hashlib.blake2b(jinja2.__version__.encode(), digest_size=16)
    for folder, folders, files in os.walk(_PACKAGE):
        folders.sort()
        for name in sorted(files):
            if name.endswith(".py"):
                stat = os.stat(os.path.join(folder, name))
                digest.update(f"{folder}/{name} {stat.st_mtime_ns} {stat.st_size}\n".encode())
    return digest.digest()
