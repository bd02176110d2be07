"""Translations: Indonesian is the source, English comes from messages.po, compiled once a process."""

from __future__ import annotations

import gettext
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE_FOLDER = Path(__file__).parents[1] / "locale"


def later(text: str) -> str:
    """Marks an Indonesian text in the code that is translated where it is shown."""
    return text


@cache
def load_translations(language: str) -> gettext.NullTranslations:
    """The catalogue of `language`; Indonesian needs none, its strings are the keys."""
    if language == "id":
        return gettext.NullTranslations()
    with (LOCALE_FOLDER / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
