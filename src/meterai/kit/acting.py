"""The one who acts: a process, a login, or officers whose signatures were verified."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import asyncpg
import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """An officer's signature over the text of an act, verified by `operations.officers`."""

    officer: str
    key: str
    """The SSH public key that signed, as the officers file has it."""
    kind: str
    subject: str
    nonce: str
    """A random number in the text. A text counts once."""
    text: str
    signature: str
    valid_until: datetime


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
    `officer.signed_before`, `release.not_open`; GONE `officer.signature_old`; INVALID `stock.above_limit`.
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
            case _:
                raise


async def use_signature(tx: Connection, signed: Signature) -> None:
    """Uses a signature up, for an act that one officer signs. Raises: see `officers_refusals`."""
    with officers_refusals():
        await tx.execute(
            "SELECT operations.use_signature($1, $2, $3, $4, $5, $6, $7, $8)",
            signed.kind,
            signed.subject,
            signed.officer,
            signed.key,
            signed.nonce,
            signed.text,
            signed.signature,
            signed.valid_until,
        )


async def sign_release(tx: Connection, number: int, signed: Signature) -> bool:
    """Adds an officer's signature to a request. Returns whether it is released. Raises: see above."""
    with officers_refusals():
        released: bool = await tx.fetchval(
            "SELECT operations.sign_release($1, $2, $3, $4, $5, $6, $7)",
            number,
            signed.officer,
            signed.key,
            signed.nonce,
            signed.text,
            signed.signature,
            signed.valid_until,
        )
    return released
