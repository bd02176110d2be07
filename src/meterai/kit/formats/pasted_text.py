"""What people type, or paste: telephones, message apps and e-mail programs add what nobody sees."""

from __future__ import annotations

import re
import unicodedata

_BETWEEN_DIGITS = re.compile(r"[\s.\-\u2010-\u2015]")


def seen(text: str) -> str:
    """The text without characters that have no looks, such as marks of direction, which WhatsApp and the
    iPhone put around numbers, and spaces of no width (Unicode, general category Cf)."""
    if text.isascii():
        return text
    return "".join(character for character in text if unicodedata.category(character) != "Cf")


def digits_of(text: str) -> str:
    """The digits of a number without what people put between them: spaces, dots, dashes. May be none at all.

    `123 456` and `123-456` are `123456`.
    """
    return _BETWEEN_DIGITS.sub("", seen(text))
