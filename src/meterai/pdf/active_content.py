"""Finds and removes active content in any object of a file. Runs in the jail.

Scripts, programs, attachments and players have their usual places (ISO 32000-1 clauses 12.6 and 7.11.4). They
may also hide elsewhere: in private data of programs, structure elements, hidden templates, or replies that no
page lists. So every object is checked. A search through its text comes first: C code instead of a walk in
Python.
"""

from __future__ import annotations

import re
from typing import Any

import pikepdf

from meterai.pdf.inspection import DANGEROUS_ACTIONS, DANGEROUS_ANNOTATIONS
from meterai.pdf.opening.objects import dictionaries_in, dictionary_of
from meterai.pdf.opening.structure import name_of

_TREES = ("/EmbeddedFiles", "/JavaScript")
"""Name trees (clause 7.7.4) of attachments, and of scripts that run on opening."""

_FILE_KEYS = ("/F", "/UF", "/DOS", "/Mac", "/Unix")
_WANTED = (*DANGEROUS_ACTIONS, *DANGEROUS_ANNOTATIONS, *_TREES, "/AF", "/EF")
_NAMES = b"|".join(sorted((name.encode() for name in _WANTED), reverse=True))
_SUSPICION = re.compile(rb"(?:%s)\b|/(?:S|Subtype) \d+ \d+ R" % _NAMES)
"""Names that hint at active content.

The name of an action's or annotation's type may be an object of its own.
"""


def remove_alive(pdf: pikepdf.Pdf) -> None:
    """Empties every dangerous action and annotation, and removes what holds scripts or embedded files.

    Empty dictionaries stay where something refers to them: readers ignore them.
    """
    for item in pdf.objects:
        own = dictionary_of(item)
        if isinstance(own, pikepdf.Dictionary | pikepdf.Array) and _SUSPICION.search(
            own.unparse(resolved=True)
        ):
            for dictionary in dictionaries_in(own):
                _clean(dictionary)


def _clean(dictionary: pikepdf.Dictionary) -> None:
    """Cleans a dictionary by kind and shape, never by a key alone: a font may be named /AF."""
    dangerous = (
        name_of(dictionary.get("/S")) in DANGEROUS_ACTIONS
        or name_of(dictionary.get("/Subtype")) in DANGEROUS_ANNOTATIONS
    )
    for key in list(dictionary.keys()):
        value = dictionary[key]
        if (
            dangerous
            or (key == "/EF" and _is_plain(value) and _holds_files(value))
            or (key == "/AF" and _names_files(value))
            or (key in _TREES and _is_plain(value) and ("/Names" in value or "/Kids" in value))
        ):
            del dictionary[key]


def _is_plain(value: Any) -> bool:
    return isinstance(value, pikepdf.Dictionary) and not isinstance(value, pikepdf.Stream)


def _holds_files(value: Any) -> bool:
    return any(isinstance(value.get(key), pikepdf.Stream) for key in _FILE_KEYS)


def _names_files(value: Any) -> bool:
    """Whether a value names associated files, one or an array of them (ISO 32000-2 clause 14.13)."""
    items = list(value) if isinstance(value, pikepdf.Array) else [value]
    return all(_is_plain(item) and name_of(item.get("/Type", "/Filespec")) == "/Filespec" for item in items)
