"""What stamping needs from outside: the signer process that holds the key, and a judge of stamps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from meterai.kernel.refusals import Refusal
from meterai.kernel.serial_number import SerialNumber
from meterai.stamping.signer_wire import CodeSignatures, HashKey, Identity, KeyReport, UnregisteredKey


class KeyHolder(Protocol):
    """Reports the state of each registered key in the signer."""

    async def keys(self) -> list[KeyReport]:
        """Returns one report per registered key. Raises: Refusal(UNAVAILABLE, "signer.unavailable")."""
        ...

    async def unregistered(self) -> list[UnregisteredKey]:
        """Returns the keys that it used or marked, and that the register lacks. Raises: as `keys`."""
        ...


class Signer(KeyHolder, Protocol):
    """Signs digests of stored intents, and nothing else. Holds the key; parses no PDF."""

    async def identity(self) -> Identity:
        """Returns the signer's certificates and key ids.

        Raises: Refusal(UNAVAILABLE, "signer.unavailable" or "key.*").
        """
        ...

    async def ping(self) -> Identity:
        """Like `identity`, but always asks the signer.

        Raises: Refusal(UNAVAILABLE, "signer.unavailable" or "key.*").
        """
        ...

    async def code_signatures(self, wanted: Sequence[tuple[SerialNumber, date]]) -> CodeSignatures:
        """Returns Ed25519 signatures for the 2-D codes of allocated serial numbers, in the same order, and
        the id of the key.

        Raises: Refusal(UNAVAILABLE, "signer.unavailable" or "sealing.stopped"),
        Refusal(CONFLICT, "stamping.serial_not_allocated").
        """
        ...

    async def seal(
        self, serials: Sequence[SerialNumber], may_lack_time_stamp: Collection[SerialNumber] = ()
    ) -> dict[SerialNumber, bytes | Refusal]:
        """Returns a seal (CMS, DER) or a refusal for each serial number with a stored intent.

        Refusals: UNAVAILABLE `tsa.*`, `key.*`; CONFLICT `stamping.no_intent`.

        Serials in `may_lack_time_stamp` are sealed without a token while the authority is down: see
        `signer.late_time_stamp.has_time_stamp`.

        Raises: Refusal(UNAVAILABLE, "signer.unavailable", "sealing.stopped" (the stop switch) or "tsa.*").
        """
        ...

    async def time_stamps(self, imprints: Sequence[bytes], nonce: bytes = b"") -> list[bytes]:
        """Returns tokens over digests that the register asks to be dated (`store.archive.ask_token`).

        `nonce`: of the asker's own query for one token (see `signer_wire.StampSignatures`).

        Raises: Refusal(UNAVAILABLE, "tsa.*" and others), Refusal(CONFLICT, "stamping.no_release").
        """
        ...


class HashSigner(Protocol):
    """Signs requested hashes, dates them, and signs the 2-D codes of taken serial numbers."""

    async def hash_key(self) -> HashKey:
        """Returns the key that signs hashes now.

        Raises: Refusal(UNAVAILABLE, "signer.unavailable" or "key.*").
        """
        ...

    async def sign_hash(self, request_id: UUID) -> tuple[bytes, str]:
        """Returns the signature of a requested hash (RSA PKCS #1 v1.5, SHA-256), and the id of the key.

        Raises: Refusal(UNAVAILABLE, "signer.unavailable", "sealing.stopped" or "key.*"), Refusal(INVALID,
        "hash.attributes"), Refusal(CONFLICT, "stamping.no_hash_request").
        """
        ...

    async def code_signatures(self, wanted: Sequence[tuple[SerialNumber, date]]) -> CodeSignatures:
        """As `Signer.code_signatures`."""
        ...

    async def time_stamps(self, imprints: Sequence[bytes], nonce: bytes = b"") -> list[bytes]:
        """As `Signer.time_stamps`."""
        ...


class SiteSigner(Signer, HashSigner, Protocol):
    """All that the signer does. It refuses what the asker has no right to."""


type Vouch = Callable[[bytes, datetime], Awaitable[None]]
"""Judges a file that carries stamps already, as of the given moment.

Raises: Refusal INVALID `pdf.*` when it must not get another stamp, `jail.killed` when the jail's process was
killed while judging it; UNAVAILABLE `jail.unavailable`.
"""
