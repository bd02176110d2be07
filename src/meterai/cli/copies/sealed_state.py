"""The state of an encrypted backup: `NAME.age` for each file, and a signed list of them."""

from __future__ import annotations

import base64
import binascii
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Final

import msgspec

from meterai.cli.copies.backup_keys import CopyRefused, OpeningKeys, SealingKeys
from meterai.kit.files.object_store import FolderStore
from meterai.kit.files.sealed_files import SealBroken, Sink, digest_of, seal, unseal

DUMP: Final = "database.dump"
FACTS, SIGNATURE = "backup.json", "backup.sig"
SEALED: Final = ".age"


class CopiedFile(msgspec.Struct, frozen=True, array_like=True):
    """A file of a state."""

    digest: str
    """SHA-256 of the encrypted file."""
    size: int
    """Of the original, in bytes."""
    modified_ns: int
    """When the original was changed last."""
    mode: int
    """Its permissions."""


class BackupFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What `backup.json` says; it is written last."""

    made_at: datetime
    schema: str
    """Version of the database's schema."""
    with_database: bool = True
    """False: somebody else saves the database."""
    files: dict[str, CopiedFile] = {}
    """By their names in the state. Empty in unencrypted copies of earlier releases."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """The state before: what has not changed since is linked."""

    path: Path
    facts: BackupFacts

    def same(self, name: str, now: os.stat_result) -> CopiedFile | None:
        """The entry of a file that is unchanged. One that changed during that backup is not trusted."""
        then = self.facts.files.get(name)
        if then is None or (then.size, then.modified_ns) != (now.st_size, now.st_mtime_ns):
            return None
        return then if now.st_mtime < self.facts.made_at.timestamp() else None


@dataclass(frozen=True, slots=True)
class NewState:
    """The state that a backup is making, in a folder of its own."""

    path: Path
    keys: SealingKeys
    earlier: Earlier | None
    files: dict[str, CopiedFile] = field(default_factory=dict)

    def put(self, source: Path, target: Path) -> None:
        """Encrypts a file, or links it when it is unchanged. `target`: its place without the ending."""
        name, now = target.relative_to(self.path).as_posix(), source.stat()
        if self.earlier is not None and (same := self.earlier.same(name, now)):
            with suppress(OSError):  # not every file system has links
                os.link(f"{self.earlier.path / name}{SEALED}", f"{target}{SEALED}")
                self.files[name] = same
                return
        with source.open("rb") as stream:
            self.take(stream, target, now)

    def take(self, stream: IO[bytes], target: Path, now: os.stat_result | None = None) -> None:
        """Encrypts a stream."""
        place = Path(f"{target}{SEALED}")
        place.unlink(missing_ok=True)
        digest = seal(stream, place, self.keys.recipients)
        size, modified, mode = (now.st_size, now.st_mtime_ns, now.st_mode & 0o777) if now else (0, 0, 0o600)
        self.files[target.relative_to(self.path).as_posix()] = CopiedFile(digest, size, modified, mode)

    def finish(self, facts: BackupFacts) -> None:
        """Writes and signs the list of files."""
        content = msgspec.json.encode(msgspec.structs.replace(facts, files=self.files))
        (self.path / FACTS).write_bytes(content)
        (self.path / SIGNATURE).write_bytes(base64.b64encode(self.keys.sign(content)) + b"\n")


def facts_in(state: Path) -> BackupFacts | None:
    """Reads `backup.json` of a state. None: the state is not whole."""
    try:
        return msgspec.json.decode((state / FACTS).read_bytes(), type=BackupFacts)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


def is_sealed(state: Path) -> bool:
    """Whether a state is encrypted."""
    return (state / SIGNATURE).exists()


def is_signed(state: Path, keys: SealingKeys | OpeningKeys) -> bool:
    """Whether the list of a state is signed by the key that is expected."""
    try:
        signature = base64.b64decode((state / SIGNATURE).read_bytes())
        return keys.signed((state / FACTS).read_bytes(), signature)
    except (FileNotFoundError, binascii.Error):
        return False


@dataclass(frozen=True, slots=True)
class OpenedState:
    """A state whose files but the dump can be read below `path`."""

    path: Path
    facts: BackupFacts
    objects: FolderStore
    sealed: Path | None = None
    """Where the encrypted dump is."""
    keys: OpeningKeys | None = None

    def read_dump(self, target: Sink) -> None:
        """Writes the dump into a stream. Raises: SealBroken, OSError."""
        if self.sealed is None or self.keys is None:
            with (self.path / DUMP).open("rb") as file:
                while piece := file.read(1 << 20):
                    target.write(piece)
            return
        digest = self.facts.files[DUMP].digest
        unseal(_sealed(self.sealed, DUMP), target, self.keys.identities, digest=digest)


@contextmanager
def opened_state(
    state: Path, facts: BackupFacts, objects: FolderStore, keys: OpeningKeys, folder: Path
) -> Iterator[OpenedState]:
    """Checks every file of a state, and decrypts all but the dump into `folder`, which is gone at the end.

    Raises: CopyRefused; OSError.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        for name, file in facts.files.items():
            _check(_sealed(state, name), file.digest)
            if name != DUMP:
                _decrypt(_sealed(state, name), folder / name, keys, file)
        yield OpenedState(folder, facts, objects, state, keys)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sealed(state: Path, name: str) -> Path:
    return state / f"{name}{SEALED}"


def _check(path: Path, digest: str) -> None:
    try:
        is_same = digest_of(path) == digest
    except FileNotFoundError:
        raise CopyRefused(f"{path} is missing in the copy. {_OTHER}") from None
    if not is_same:
        raise CopyRefused(f"{path} was changed since the copy was made. {_OTHER}")


_OTHER: Final = "Take an older state of this copy, or another copy. Nothing was changed."


def _decrypt(source: Path, target: Path, keys: OpeningKeys, file: CopiedFile) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as plain:
        try:
            unseal(source, plain, keys.identities, digest=file.digest)
        except SealBroken as problem:
            raise CopyRefused(
                f"The private key of --identity does not open the copy ({problem}). Nothing was changed."
            ) from None
    target.chmod(file.mode)
    os.utime(target, ns=(file.modified_ns, file.modified_ns))
