"""The one who acts: a process, a login, or officers whose signatures were verified."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """An officer's signature over the text of an act, verified by `operations.officers`."""

    officer: str
    key: str
    """What signed: the SSH public key, as the officers file has it. In the console `totp` and the id of the
    factor, or `passkey` and its credential id (base64url)."""
    kind: str
    subject: str
    nonce: str
    """A random number in the text. A text counts once."""
    text: str
    signature: str
    """From `ssh-keygen`. In the console the time step of the code, or the passkey's answer as JSON."""
    valid_until: datetime
    mark: int | None = None
    """In the console: the time step, or how often the passkey has signed. None: an SSH signature."""


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """The one who acts. Without a signature and a request: a name that nobody has checked."""

    name: str
    signature: Signature | None = None
    """Of an act that one officer signs."""
    request: int | None = None
    """Number of the release, of an act that two officers sign."""


@contextmanager
def officers_refusals() -> Iterator[None]:
    """Turns what the functions of the schema `operations` refuse into a Refusal.

    Raises: Refusal FORBIDDEN `officer.may_not`, `officer.unsigned`; CONFLICT `officer.signature_used`,
    `officer.signed_before`, `officer.last_factor`, `release.not_open`; GONE `officer.signature_old`;
    INVALID `stock.above_limit`.
    """
    try:
        yield
    except asyncpg.PostgresError as error:
        match error.sqlstate:
            case "OF001":
                raise Refusal(Kind.FORBIDDEN, "officer.may_not") from error
            case "OF002":
                raise Refusal(Kind.CONFLICT, "officer.signature_used") from error
            case "OF003":
                raise Refusal(Kind.GONE, "officer.signature_old") from error
            case "OF004":
                raise Refusal(Kind.CONFLICT, "officer.signed_before") from error
            case "OF005":
                raise Refusal(Kind.CONFLICT, "release.not_open") from error
            case "OF007":
                raise Refusal(Kind.FORBIDDEN, "officer.unsigned") from error
            case "OF008":
                raise Refusal(Kind.INVALID, "stock.above_limit") from error
            case "OF009":
                raise Refusal(Kind.CONFLICT, "officer.last_factor") from error
            case _:
                raise


async def use_signature(tx: Connection, signed: Signature) -> None:
    """Uses a signature up, for an act that one officer signs. Raises: see `officers_refusals`."""
    name = "use_signature" if signed.mark is None else "approve_act"
    with officers_refusals():
        await _call(tx, name, signed.kind, signed.subject, signed=signed)


async def sign_release(tx: Connection, number: int, signed: Signature) -> bool:
    """Adds an officer's signature to a request. Returns whether it is released. Raises: see above."""
    name = "sign_release" if signed.mark is None else "approve_release"
    with officers_refusals():
        released: bool = await _call(tx, name, number, signed=signed)
    return released


async def _call(tx: Connection, name: str, *first: object, signed: Signature) -> Any:
    """Calls a function of the database with a signature. The console may call only those for approvals."""
    given = [
        *first,
        signed.officer,
        signed.key,
        signed.nonce,
        signed.text,
        signed.signature,
        signed.valid_until,
        *([] if signed.mark is None else [signed.mark]),
    ]
    places = ", ".join(f"${place}" for place in range(1, len(given) + 1))
    return await tx.fetchval(f"SELECT operations.{name}({places})", *given)
