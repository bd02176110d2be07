"""Reads the officers file (METERAI_OFFICERS): who the officers are, their roles and their SSH keys.

A TOML file, which only its owner may write:

    pieces_per_issue_max = 1_000_000

    [officers.ani]
    roles = ["finance", "admin"]
    keys = ["ssh-ed25519 AAAA... ani@laptop"]
    former_keys = []
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import stat
from collections import Counter
from pathlib import Path
from typing import Final

import msgspec

ROLES: Final = frozenset({"view", "support", "finance", "content", "keys", "admin"})
PIECES_PER_ISSUE_MAX: Final = 1_000_000
"""Stamps that one issue may bring, unless the file says otherwise: a deposit of Rp10 billion."""
_NAME: Final = re.compile(r"[a-z][a-z0-9._-]{0,31}")


class Officer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An officer. Without roles they sign nothing, and their old signatures can still be checked."""

    roles: list[str] = []
    keys: list[str]
    """SSH public keys: type, base64, and perhaps a comment."""
    former_keys: list[str] = []
    """Sign nothing any more; what they signed can still be checked."""


class OfficersFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands in the file. Keys have lost their comments."""

    officers: dict[str, Officer]
    pieces_per_issue_max: int = PIECES_PER_ISSUE_MAX


def read_officers_file(path: Path, *, production: bool) -> OfficersFile:
    """Reads and checks the file. In production root must own it.

    Raises: OSError; ValueError saying what is wrong.
    """
    with path.open("rb") as file:
        _check_owner(os.fstat(file.fileno()), production=production)
        text = file.read()
    try:
        found = msgspec.toml.decode(text, type=OfficersFile)
    except (msgspec.MsgspecError, ValueError) as error:
        raise ValueError(f"it can't be read: {error}") from None
    officers = {name: _checked(name, officer) for name, officer in found.officers.items()}
    counts = Counter(key for one in officers.values() for key in {*one.keys, *one.former_keys})
    if any(count > 1 for count in counts.values()):
        raise ValueError("two officers have the same key: each needs a key of their own")
    if found.pieces_per_issue_max < 1:
        raise ValueError("pieces_per_issue_max is less than 1")
    return msgspec.structs.replace(found, officers=officers)


def _check_owner(file: os.stat_result, *, production: bool) -> None:
    if file.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise ValueError("others than its owner may write it: chmod 644")
    if file.st_uid not in ((0,) if production else (0, os.getuid())):
        raise ValueError("it belongs to another user: chown root")


def _checked(name: str, officer: Officer) -> Officer:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of an officer: small letters and digits, at most 32")
    if unknown := set(officer.roles) - ROLES:
        raise ValueError(f"{name} has unknown roles: {', '.join(sorted(unknown))}")
    try:
        keys, former = ([_plain_key(key) for key in some] for some in (officer.keys, officer.former_keys))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    if set(keys) & set(former):
        raise ValueError(f"{name} has a key that is also a former one")
    return Officer(roles=sorted(set(officer.roles)), keys=keys, former_keys=former)


def _plain_key(line: str) -> str:
    """Returns an SSH public key without its comment. Raises: ValueError."""
    kind, _, rest = line.strip().partition(" ")
    encoded = rest.strip().partition(" ")[0]
    try:
        data = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        data = b""
    length = int.from_bytes(data[:4], "big")
    if not kind or "cert" in kind or data[4 : 4 + length] != kind.encode():
        raise ValueError("a key is a line of a .pub file, such as ssh-ed25519 AAAA...")
    return f"{kind} {encoded}"
