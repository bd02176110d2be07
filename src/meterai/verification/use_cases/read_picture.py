"""Reads the codes of stamps in a picture. It never judges a document."""

from __future__ import annotations

import re

import msgspec

from meterai.jail.pool import JailPool
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.signatures.stamp_code import StampCode, decode_code, verify_code
from meterai.verification.model import SerialAnswer, Trust
from meterai.verification.picture_codes import (
    CODES_MAX,
    READ_PICTURE,
    PictureCodes,
    PictureRequest,
    is_readable,
)
from meterai.verification.use_cases.look_up_serial import look_up_serial

_OUR_SHAPE = re.compile(r"https?://([^/]+)(?:/.*)?/C/[^/]+", re.IGNORECASE)
"""As docs/stamp-code.md says, the text of a code that is not foreign. Group 1: the host."""
_SAID_OF_PICTURES = {"pdf.broken": "picture.unreadable", "pdf.too_heavy": "picture.too_large"}
"""The jail's words for a file, and what they mean for a picture."""


class CodeInPicture(msgspec.Struct, frozen=True, kw_only=True):
    """A QR code in a picture, and what is known of it."""

    text: str
    answer: SerialAnswer | None = None
    """What the code and the register say of its serial number; None: it is no good code of ours."""
    problem: str = ""
    """Code of a refusal: what is wrong with the code, or why the register gave no answer."""
    host: str = ""
    """The host in the address of a good code. It is not signed."""

    @property
    def is_foreign(self) -> bool:
        """Whether it is a QR code of something else."""
        return self.answer is None and not self.problem


async def read_picture(
    db: Database | None, jail: JailPool, data: bytes, *, trust: Trust
) -> tuple[CodeInPicture, ...]:
    """The codes in a picture, ours first; at least one, and not more than `CODES_MAX`.

    Raises: Refusal INVALID `picture.other_kind`, `picture.unreadable`, `picture.too_large`, or
    `picture.no_code`; as the jail does when it is busy.
    """
    if not is_readable(data):
        raise Refusal(Kind.INVALID, "picture.other_kind")
    try:
        found = await jail.run(READ_PICTURE, PictureRequest(data=data), PictureCodes)
    except Refusal as refusal:
        if refusal.code not in _SAID_OF_PICTURES:
            raise
        raise Refusal(Kind.INVALID, _SAID_OF_PICTURES[refusal.code]) from None
    if not found.texts:
        raise Refusal(Kind.INVALID, "picture.no_code")
    ours_first = sorted(found.texts, key=lambda text: _OUR_SHAPE.fullmatch(text.strip()) is None)
    return tuple([await _look_up(db, text, trust) for text in ours_first[:CODES_MAX]])


async def _look_up(db: Database | None, text: str, trust: Trust) -> CodeInPicture:
    shape = _OUR_SHAPE.fullmatch(text.strip())
    if shape is None:
        return CodeInPicture(text=text)
    try:
        code = _good_code(text, trust)
    except Refusal as refusal:
        return CodeInPicture(text=text, problem=refusal.code)
    answer, problem = SerialAnswer(serial=code.serial, known=False), ""
    try:
        answer = await look_up_serial(db, code.serial)
    except Refusal as refusal:
        problem = refusal.code
    answer = msgspec.structs.replace(answer, code_checked=True, code_day=code.day)
    return CodeInPicture(text=text, answer=answer, problem=problem, host=shape[1])


def _good_code(text: str, trust: Trust) -> StampCode:
    """Reads a code and checks its signature. Raises: Refusal as `look_up_code`."""
    code = decode_code(text)
    if not verify_code(code, {key: bytes.fromhex(value) for key, value in trust.code_keys.items()}):
        raise Refusal(Kind.INVALID, "code.forged")
    return code
