"""Answers about a serial number alone, typed in or read from a 2-D code. It never judges a document."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.serial_number import SerialNumber, parse_serial, readings
from meterai.kit.database import DATABASE_IS_DOWN, Database
from meterai.signatures.stamp_code import decode_code, verify_code
from meterai.verification.model import SerialAnswer, Trust
from meterai.verification.queries import Released, SerialEntry, find_releases, find_serials


async def look_up_serial(db: Database | None, text: str) -> SerialAnswer:
    """What the register says of a serial number that a person typed.

    People take O for 0 or I for 1. So the register is asked for all likely readings of the text.

    Raises: Refusal(INVALID, "serial.malformed") if it cannot be one (mistyped or invented), or
    "serial.ambiguous" if the register has several readings; Refusal(UNAVAILABLE, "register.unreachable"), or
    "register.not_asked" without `db`.
    """
    likely = readings(text)
    if not likely:
        raise Refusal(Kind.INVALID, "serial.malformed")
    if db is None:
        raise Refusal(Kind.UNAVAILABLE, "register.not_asked")
    try:
        async with db.connection() as connection:
            found = await find_serials(connection, likely)
            released = await find_releases(connection, list(found)) if len(found) == 1 else []
    except DATABASE_IS_DOWN as error:
        raise Refusal(Kind.UNAVAILABLE, "register.unreachable") from error
    if len(found) > 1:
        raise Refusal(Kind.INVALID, "serial.ambiguous")
    return _answer(parse_serial(text), next(iter(found.values()), None), released)


def _answer(
    typed: SerialNumber | None, entry: SerialEntry | None, released: Sequence[Released]
) -> SerialAnswer:
    """Raises: Refusal(INVALID, "serial.malformed") if the typed text is none and no reading is registered."""
    if entry is None:
        if typed is None:
            raise Refusal(Kind.INVALID, "serial.malformed")
        return SerialAnswer(serial=typed, known=False)
    return SerialAnswer(
        serial=entry.serial,
        known=True,
        read_otherwise=entry.serial != typed,
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
