"""Cleans text that people type or paste: telephones and apps add characters that nobody sees."""

from __future__ import annotations

import re
import unicodedata

_BETWEEN_DIGITS = re.compile(r"[\s.\-\u2010-\u2015]")


def seen(text: str) -> str:
    """Removes invisible characters (Unicode, general category Cf), such as marks of direction.

    WhatsApp and the iPhone put those around numbers.
    """
    if text.isascii():
        return text
    return "".join(character for character in text if unicodedata.category(character) != "Cf")


def digits_of(text: str) -> str:
    """Removes the spaces, dots and dashes of a number: `123 456` and `123-456` become `123456`.

    What remains may hold other characters than digits.
    """
    return _BETWEEN_DIGITS.sub("", seen(text))
