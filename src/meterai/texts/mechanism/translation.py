"""Translates marked sentences where they are shown."""

from __future__ import annotations

from collections.abc import Mapping

from meterai.texts.mechanism.catalogues import load_translations, look_up
from meterai.texts.mechanism.filling import fill


def translate(sentence: str, language: str, facts: Mapping[str, object] | None = None) -> str:
    """A marked sentence in `language`, its `{facts}` filled in as people read them (`filling.fill`).

    Without `facts` the sentence keeps its placeholders.
    """
    text = look_up(sentence, language)
    return text if facts is None else fill(text, facts, language)


def in_both(sentence: str, facts: Mapping[str, object] | None = None) -> str:
    """A sentence in Indonesian and English, for tools that do not know who reads them."""
    return " · ".join(translate(sentence, language, facts) for language in ("id", "en"))


def translate_count(sentence: str, language: str, count: int) -> str:
    """A sentence marked with `N_count`, in the form for `count` things, which it names `{count}`."""
    text = load_translations(language).ngettext(sentence, sentence, count)
    return fill(text, {"count": count}, language)
