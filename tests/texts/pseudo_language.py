"""A language in which every translated sentence stands in brackets: text outside them escaped translation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

from meterai.texts.mechanism import catalogues, languages
from meterai.web.pages import templates

PSEUDO = "nl"
"""A language that Babel knows, for dates and numbers, and that has no catalogue."""
OPEN, CLOSE = "⟦", "⟧"
NAMES = frozenset(
    {
        *("meterai", "spesimen", "qris", "bni", "pdf", "sha", "api", "json", "whatsapp", "javascript"),
        *("casn", "sscasn", "contoh", "com", "www", "https", "wib"),
    }
)
"""Names, and what is the same in every language."""
_CACHES = (
    languages.languages,
    catalogues.load_translations,
    catalogues.names_of_languages,
    templates.environment_of,
)
_SPOKEN = {"title", "alt", "aria-label", "placeholder", "aria-description", "data-too-many"}
_SILENT = {"script", "style"}
_WORD = re.compile(r"(?<![\w/-])[^\W\d_]{3,}(?![\w/-])")
"""No part of a number or address."""


def pseudo_catalogue(source: Catalog) -> Catalog:
    """A copy of a catalogue whose translations are the Indonesian sentences in brackets."""
    made = Catalog(locale=PSEUDO, fuzzy=False)
    for message in source:
        if message.id:
            made.add(message.id, _bracketed(message), context=message.context)
    return made


def _bracketed(message: Message) -> str | tuple[str, ...]:
    if isinstance(message.id, str):
        return f"{OPEN}{message.id}{CLOSE}"
    return tuple(f"{OPEN}{form}{CLOSE}" for form in message.id)


@pytest.fixture(scope="module")
def pseudo_language(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Adds a language to the product: one `.po` file beside the English one, and nothing else."""
    english = languages.catalogue_file("en")
    with english.open("rb") as file:
        catalogue = read_po(file, locale="en")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(languages, "LOCALE_FOLDER", tmp_path_factory.mktemp("locale"))
        for language in ("en", PSEUDO):
            languages.catalogue_file(language).parent.mkdir(parents=True)
        languages.catalogue_file("en").write_bytes(english.read_bytes())
        with languages.catalogue_file(PSEUDO).open("wb") as file:
            write_po(file, pseudo_catalogue(catalogue))
        _forget()
        yield PSEUDO
    _forget()


def _forget() -> None:
    for cached in _CACHES:
        cached.cache_clear()


@cache
def vocabulary() -> frozenset[str]:
    """Every word of the sentences for people, Indonesian and English."""
    with languages.catalogue_file("en").open("rb") as file:
        catalogue = read_po(file, locale="en")
    texts = [text for message in catalogue if message.id for text in _texts(message.id, message.string)]
    return frozenset(word.lower() for text in texts for word in _WORD.findall(text)) - NAMES


def _texts(*forms: str | list[str] | tuple[str, ...]) -> Iterator[str]:
    for form in forms:
        yield from [form] if isinstance(form, str) else form


def escaped_words(text: str) -> set[str]:
    """Words of sentences that stand outside all brackets of a plain text."""
    depth, outside = 0, ""
    for sign in text:
        depth += (sign == OPEN) - (sign == CLOSE)
        outside += sign if depth == 0 else " "
    assert depth == 0, text
    return {word for word in _WORD.findall(outside) if word.lower() in vocabulary()}


def escaped_in_page(page: bytes | str) -> set[str]:
    """Words of sentences that stand outside all brackets of a page: in its text, or in a spoken attribute."""
    reader = _Reader()
    reader.feed(page if isinstance(page, str) else page.decode())
    return {word for text in reader.texts for word in escaped_words(text)}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts = [""]
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in _SILENT
        told = dict(attrs)
        is_other = told.get("lang") not in (None, PSEUDO)  # says so itself: the switch of languages
        self.texts += [value for name, value in attrs if name in _SPOKEN and value and not is_other]
        if tag == "meta" and told.get("name") == "description":
            self.texts.append(told.get("content") or "")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in _SILENT

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.texts[0] += data
