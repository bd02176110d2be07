"""Answers about a serial number alone, typed in or read from a 2-D code. It never judges a document."""

from __future__ import annotations

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.serial_number import parse_serial
from meterai.kit.database import DATABASE_IS_DOWN, Database
from meterai.signatures.stamp_code import decode_code, verify_code
from meterai.verification.model import SerialAnswer, Trust
from meterai.verification.queries import find_by_serial, find_releases


async def look_up_serial(db: Database | None, text: str) -> SerialAnswer:
    """What the register says of a serial number that a person typed.

    Raises: Refusal(INVALID, "serial.malformed") if it cannot be one (mistyped or invented);
    Refusal(UNAVAILABLE, "register.unreachable"), or "register.not_asked" without `db`.
    """
    serial = parse_serial(text)
    if serial is None:
        raise Refusal(Kind.INVALID, "serial.malformed")
    if db is None:
        raise Refusal(Kind.UNAVAILABLE, "register.not_asked")
    try:
        async with db.connection() as connection:
            entry = await find_by_serial(connection, serial)
            released = await find_releases(connection, [serial]) if entry is not None else []
    except DATABASE_IS_DOWN as error:
        raise Refusal(Kind.UNAVAILABLE, "register.unreachable") from error
    if entry is None:
        return SerialAnswer(serial=serial, known=False)
    return SerialAnswer(
        serial=serial,
        known=True,
        state=entry.state,
        released_at=entry.released_at,
        document_pages=released[-1].document_pages if released else None,
    )


async def look_up_code(db: Database, text: str, *, trust: Trust) -> SerialAnswer:
    """The same for the text of a 2-D code, whose signature is checked first.

    A code can be copied with its picture. Even a good one only says which document the serial belongs to.
    Raises: Refusal(INVALID, "code.unreadable"); Refusal(INVALID, "code.forged") if no key of ours signed it;
    Refusal(UNAVAILABLE, "register.unreachable").
    """
    code = decode_code(text)
    if not verify_code(code, {key: bytes.fromhex(value) for key, value in trust.code_keys.items()}):
        raise Refusal(Kind.INVALID, "code.forged")
    answer = await look_up_serial(db, code.serial)
    return msgspec.structs.replace(answer, code_checked=True, code_day=code.day)
