"""The outside of stamping: the process that holds the key, and who judges stamps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import date, datetime
from typing import Protocol

from meterai.kernel.refusals import Refusal
from meterai.kernel.serial_number import SerialNumber
from meterai.stamping.signer_wire import Identity, KeyReport


class KeyHolder(Protocol):
    """Knows how the signer finds the keys of the register."""

    async def keys(self) -> list[KeyReport]:
        """One report per registered key. Raises: Refusal(UNAVAILABLE, "signer.unavailable")."""
        ...


class Signer(KeyHolder, Protocol):
    """Signs what was stored before, and nothing else. Holds the key; parses no PDF."""

    async def identity(self) -> Identity:
        """Its certificates and key ids. Raises: Refusal(UNAVAILABLE, "signer.unavailable" or "key.*")."""
        ...

    async def ping(self) -> Identity:
        """As `identity`, asked anew. Raises: Refusal(UNAVAILABLE, "signer.unavailable" or "key.*")."""
        ...

    async def code_signatures(self, wanted: Sequence[tuple[SerialNumber, date]]) -> list[bytes]:
        """Ed25519 signatures for the 2-D codes of allocated serial numbers, in the order asked for.

        Raises: Refusal(UNAVAILABLE, "signer.unavailable" or "sealing.stopped"),
        Refusal(CONFLICT, "stamping.serial_not_allocated").
        """
        ...

    async def seal(
        self, serials: Sequence[SerialNumber], may_lack_time_stamp: Collection[SerialNumber] = ()
    ) -> dict[SerialNumber, bytes | Refusal]:
        """The seal (CMS, DER) of each serial number with a stored intent, or why there is none:
        UNAVAILABLE `tsa.*`, `key.*`; CONFLICT `stamping.no_intent`.

        Those in `may_lack_time_stamp` are sealed without a token while none is to be had: see
        `seal.time_stamp_later.has_time_stamp`.

        Raises: Refusal(UNAVAILABLE, "signer.unavailable", "sealing.stopped" (the stop switch) or "tsa.*").
        """
        ...

    async def time_stamps(self, imprints: Sequence[bytes]) -> list[bytes]:
        """Tokens over SHA-256 imprints of signature values. Raises: Refusal(UNAVAILABLE, "tsa.*" or so)."""
        ...


type Vouch = Callable[[bytes, datetime], Awaitable[None]]
"""Judges at that moment a file that carries stamps already. Raises: Refusal INVALID `pdf.*`, `jail.killed`
when it gets no other one; UNAVAILABLE `jail.unavailable`."""
