"""Looks sentences up in the catalogue of a language. A sentence without a translation stays Indonesian."""

from __future__ import annotations

import gettext
from functools import cache
from io import BytesIO

from meterai.texts.mechanism.languages import SOURCE, catalogue_file, languages
from meterai.texts.mechanism.marks import CONTEXT_END, N_

_NAME = N_("Bahasa Indonesia")
"""Each catalogue has the name of its own language for it: "English"."""


def look_up(sentence: str, language: str) -> str:
    """A marked sentence in `language`, with its placeholders."""
    if not sentence:
        return ""  # the key of a catalogue's header
    return load_translations(language).gettext(sentence).rpartition(CONTEXT_END)[2]


@cache
def names_of_languages() -> dict[str, str]:
    """Code -> what the language calls itself, of all languages."""
    return {language: look_up(_NAME, language) for language in languages()}


@cache
def load_translations(language: str) -> gettext.NullTranslations:
    """The catalogue of `language`, compiled once a process. The source, or an unknown language, has none."""
    if language == SOURCE or language not in languages():
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo  # not for processes that show no other language
    from babel.messages.pofile import read_po

    with catalogue_file(language).open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
