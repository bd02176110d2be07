"""The languages of texts for people: Indonesian, and every language that has a catalogue in `locale/`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

LOCALE_FOLDER = Path(__file__).parents[1] / "locale"
SOURCE: Final = "id"
"""The language in which sentences stand in templates and code. It needs no catalogue."""


@cache
def languages() -> tuple[str, ...]:
    """The codes of all languages (ISO 639), the source first."""
    found = (folder.name for folder in LOCALE_FOLDER.iterdir() if catalogue_file(folder.name).is_file())
    return (SOURCE, *sorted(found))


def catalogue_file(language: str) -> Path:
    """Where the catalogue of a language lies, or would lie."""
    return LOCALE_FOLDER / language / "LC_MESSAGES" / "messages.po"


def known_language(language: str) -> str:
    """`language` where it has a catalogue; otherwise the source."""
    return language if language in languages() else SOURCE


def prefix_of(language: str) -> str:
    """What stands before a path in an address: nothing for the source, `/en` for English."""
    return "" if language == SOURCE else f"/{language}"


def split_language(path: str) -> tuple[str, str]:
    """(`en`, `/harga`) of `/en/harga`; (`id`, `/harga`) of `/harga`.

    `/en//elsewhere` has no prefix: the rest would be the address of another site.
    """
    first, slash, rest = path[1:].partition("/")
    if first == SOURCE or first not in languages() or rest.startswith("/"):
        return SOURCE, path
    return first, f"/{rest}" if slash else "/"


def of_two[Text](language: str, indonesian: Text, english: Text) -> Text:
    """One of two texts that an operator writes. Readers of other languages get the English one."""
    return indonesian if language == SOURCE else english
