"""Marks sentences in the code, and translates them where they are shown.

Indonesian sentences are the keys of the catalogues. A sentence without a translation is shown as it is.
"""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from functools import cache
from io import BytesIO

from meterai.texts.filling import fill
from meterai.texts.languages import LOCALE_FOLDER, SOURCE, languages

_CONTEXT_END = "\x04"
"""Between context and sentence, as in compiled catalogues (GNU gettext manual, "MO Files")."""


def N_(sentence: str) -> str:
    """Marks an Indonesian sentence for the catalogues, and changes nothing."""
    return sentence


def P_(context: str, sentence: str) -> str:
    """Marks a sentence that needs another translation in this context than elsewhere."""
    return f"{context}{_CONTEXT_END}{sentence}"


def translate(sentence: str, language: str, facts: Mapping[str, object] | None = None) -> str:
    """A marked sentence in `language`, its `{facts}` filled in as people read them (`filling.fill`).

    Without `facts` the sentence keeps its placeholders.
    """
    text = load_translations(language).gettext(sentence) if sentence else ""
    text = text.rpartition(_CONTEXT_END)[2]
    return text if facts is None else fill(text, facts, language)


def translate_count(sentence: str, language: str, count: int) -> str:
    """A sentence marked with `N_count`, in the form for `count` things, which it names `{count}`."""
    text = load_translations(language).ngettext(sentence, sentence, count)
    return fill(text, {"count": count}, language)


def N_count(sentence: str) -> str:
    """Marks a sentence about `{count}` things. Indonesian has one form, other languages have their own."""
    return sentence


@cache
def load_translations(language: str) -> gettext.NullTranslations:
    """The catalogue of `language`, compiled once a process. The source, or an unknown language, has none."""
    if language == SOURCE or language not in languages():
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo  # not for processes that show no other language
    from babel.messages.pofile import read_po

    with (LOCALE_FOLDER / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
