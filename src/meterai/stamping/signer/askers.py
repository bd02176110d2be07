"""Who may ask the signer, and for what. The kernel names the user at the other end, TLS its certificate."""

from __future__ import annotations

import os
import pwd
import socket
import struct
from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Final

from meterai.kit.formats.comma_list import listed
from meterai.stamping import signer_wire

_PEER: Final = struct.Struct("3i")
"""`struct ucred` of Linux: process, user, group."""
_ROOT: Final = 0


class Right(IntEnum):
    """What a user may ask for. Each includes those before it."""

    LOOK = 1
    """Whether the signer is there, and the state of its keys."""
    DATE = 2
    """Time stamps for released files, as `meterai archive renew` does."""
    HASH = 3
    """Requested hashes, their time stamps, and 2-D codes of taken serial numbers, as a site does."""
    SEAL = 4
    """Seals and 2-D codes, as a worker does."""


_NEEDS: Final[dict[type[signer_wire.Request], Right]] = {
    signer_wire.Ping: Right.LOOK,
    signer_wire.ListKeys: Right.LOOK,
    signer_wire.StampSignatures: Right.DATE,
    signer_wire.SignCodes: Right.HASH,
    signer_wire.ShowHashKey: Right.HASH,
    signer_wire.SignHashes: Right.HASH,
    signer_wire.SealSerials: Right.SEAL,
}


class Askers:
    """The users that may ask, and for what. The signer's own user and root may ask for everything."""

    def __init__(self, named: str = "", clients: str = "") -> None:
        """`named`: METERAI_SIGNER_USERS; `clients`: METERAI_SIGNER_CLIENTS.

        Raises: ValueError for what can't be read, or an unknown user.
        """
        self._clients = {
            name: _right_of(one, right, "METERAI_SIGNER_CLIENTS")
            for one in listed(clients)
            for name, _, right in [one.partition(":")]
        }
        self._rights = {os.getuid(): Right.SEAL, _ROOT: Right.SEAL}
        for one in listed(named):
            name, _, right = one.partition(":")
            self._rights[_uid_of(name)] = _right_of(one, right, "METERAI_SIGNER_USERS")

    def right_of(self, user: int) -> Right | None:
        """What a user may ask for; None: nothing."""
        return self._rights.get(user)

    def right_of_client(self, name: str) -> Right | None:
        """What an asker over TLS may ask for, by the common name of its certificate; None: nothing."""
        return self._clients.get(name)


def may_ask(right: Right, request: signer_wire.Request) -> bool:
    """Whether this right is enough for the request."""
    return right >= _NEEDS[type(request)]


def user_at(connection: socket.socket) -> int:
    """The user id of the process at the other end, as it was when it connected (SO_PEERCRED)."""
    found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    _, user, _ = _PEER.unpack(found)
    return int(user)


def _uid_of(name: str) -> int:
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        raise ValueError(f"METERAI_SIGNER_USERS: there is no user {name} here") from None


def client_at(certificate: Mapping[str, Any]) -> str:
    """The common name in a checked certificate, as `ssl.SSLObject.getpeercert` gives it. Empty: none."""
    names = [value for part in certificate.get("subject", ()) for kind, value in part if kind == "commonName"]
    return names[0] if len(names) == 1 else ""


def _right_of(one: str, right: str, setting: str) -> Right:
    try:
        return Right[right.upper()]
    except KeyError:
        raise ValueError(
            f"{setting}: expected NAME:seal, NAME:hash, NAME:date or NAME:look, not {one}"
        ) from None
