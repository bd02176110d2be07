"""The secrets of an event's queue, 32 bytes each, in two files of its folder `secret/`.

- `keys.json`, for gates, sites and controllers: `ticket` (Ed25519) and `event` (ids of contacts).
- `controller.json`, for controllers only: `controller` (Ed25519, for documents) and `chain` (root of the
  seeds). People who read it know each draw before it is made, so they can choose who is first.

Earlier releases kept all four in `keys.json`. `separate_keys` moves them apart.
"""

from __future__ import annotations

import base64
import errno
import os
import stat
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from meterai.kit.files.atomic_write import write_whole
from meterai.kit.files.secret_files import keep_secrets

KEY_ID = 1
"""The id of the ticket key in use."""
SHARED, OWN = "keys", "controller"
"""The names of the two files."""
_OF_SHARED, _OF_OWN = ("ticket", "event"), ("controller", "chain")
_PRIVATE_FILE = 0o600
_GUARDED_FOLDER = 0o1777
"""In a folder with the sticky bit gates can't put another folder at the place of `secret/`."""


@dataclass(frozen=True, slots=True)
class GateKeys:
    """What a gate needs: it signs tickets and makes ids. It can't sign documents or foresee a draw."""

    ticket: Ed25519PrivateKey
    event: bytes


@dataclass(frozen=True, slots=True)
class QueueKeys(GateKeys):
    """All secrets of an event's queue."""

    controller: Ed25519PrivateKey
    chain: bytes


def has_keys(secret: Path) -> bool:
    """Whether all four secrets are there."""
    shared, own = (secret / f"{name}.json" for name in (SHARED, OWN))
    return shared.exists() and (own.exists() or b'"chain"' in shared.read_bytes())


def read_gate_keys(secret: Path) -> GateKeys:
    """The secrets for a gate. Raises: OSError while they are not there; ValueError for a damaged file."""
    ticket, event = _raw(_read(secret / f"{SHARED}.json"), _OF_SHARED)
    return GateKeys(ticket=Ed25519PrivateKey.from_private_bytes(ticket), event=event)


def read_event_key(secret: Path) -> bytes:
    """The key that makes ids of contacts. Raises: as `read_gate_keys`."""
    (event,) = _raw(_read(secret / f"{SHARED}.json"), ["event"])
    return event


def open_keys(secret: Path, *, is_new: bool) -> QueueKeys:
    """All secrets, for a controller. `is_new`: the queue has published nothing, so they may be made.

    Raises: FileNotFoundError when some are gone, because new ones would make every ticket void;
    PermissionError when another user could have put them there; ValueError for a damaged file.
    """
    separate_keys(secret)
    if is_new:
        _make(secret)
    for name in (SHARED, OWN):
        if not (path := secret / f"{name}.json").exists():
            raise FileNotFoundError(errno.ENOENT, "the queue's keys are gone", str(path))
    own = secret / f"{OWN}.json"
    _refuse_planted([secret.parent, secret, own])
    if own.stat().st_mode & 0o077:
        own.chmod(_PRIVATE_FILE)
    gate = read_gate_keys(secret)
    controller, chain = _raw(_read(own), _OF_OWN)
    return QueueKeys(
        ticket=gate.ticket,
        event=gate.event,
        controller=Ed25519PrivateKey.from_private_bytes(controller),
        chain=chain,
    )


def separate_keys(secret: Path) -> bool:
    """Moves the secrets of controllers out of a file that gates read. Returns whether there were some.

    The new files belong to the owner of the old one. It can be run again after a crash.
    Raises: OSError; ValueError when the controllers' file has other secrets.
    """
    shared, own = secret / f"{SHARED}.json", secret / f"{OWN}.json"
    kept = _read(shared) if shared.exists() else {}
    moved = {name: kept.pop(name) for name in _OF_OWN if name in kept}
    if not moved:
        return False
    if own.exists() and _read(own) != moved:
        raise ValueError(f"{shared} and {own} hold different secrets of the controllers")
    before = shared.stat()
    _replace(own, moved, _PRIVATE_FILE, before)
    _replace(shared, kept, stat.S_IMODE(before.st_mode), before)
    return True


def are_of_one_queue(one: Path, other: Path) -> bool:
    """Whether tickets of one queue are good in the other. Controllers' secrets may lie in either file."""
    try:
        here, there = (_read(secret / f"{SHARED}.json") for secret in (one, other))
    except msgspec.DecodeError:
        return False
    return all(here.get(name) == there.get(name) for name in _OF_SHARED)


def _make(secret: Path) -> None:
    secret.parent.parent.mkdir(parents=True, exist_ok=True)
    secret.parent.mkdir(mode=_GUARDED_FOLDER, exist_ok=True)
    keep_secrets(secret, SHARED, _OF_SHARED, group_reads=True)
    keep_secrets(secret, OWN, _OF_OWN)


def _refuse_planted(paths: Sequence[Path]) -> None:
    """Refuses what another user made: that user may know the secrets, or put others there.

    Root reads everything, so it accepts everything.
    """
    if os.geteuid() == 0:
        return
    us = _owner_of_ours(paths[-1].parent)
    for path in paths:
        if path.lstat().st_uid not in (us, 0):
            raise PermissionError(errno.EPERM, "another user made it and may know the keys", str(path))


def _owner_of_ours(folder: Path) -> int:
    """The user to whom our files in this folder belong. A file server may give all files to one user."""
    with tempfile.TemporaryFile(dir=folder) as file:
        return os.fstat(file.fileno()).st_uid


def _replace(path: Path, secrets: dict[str, str], mode: int, owner: os.stat_result) -> None:
    write_whole(path, msgspec.json.encode(secrets), mode=_PRIVATE_FILE)
    if os.geteuid() == 0:
        os.chown(path, owner.st_uid, owner.st_gid)
    path.chmod(mode)


def _read(path: Path) -> dict[str, str]:
    return msgspec.json.decode(path.read_bytes(), type=dict[str, str])


def _raw(kept: dict[str, str], names: Sequence[str]) -> list[bytes]:
    missing = [name for name in names if name not in kept]
    if missing:
        raise ValueError(f"the queue's keys lack {', '.join(missing)}")
    return [base64.urlsafe_b64decode(kept[name] + "=") for name in names]
