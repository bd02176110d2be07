"""Which of qpdf's warnings say that readers may show different things. Runs in the jail.

There are two lists of harmless warnings: a file without signatures is written again, and a signed one is not.
The second list holds when a signed file is inspected, and when it is checked after sealing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import pikepdf

_COUNT = "reported number of objects"
"""Writers of increments often give a `/Size` that is one too large (ISO 32000-1 clause 7.5.5)."""
_OF_SIGNED_FILES = re.compile(
    "|".join(
        (
            r"extraneous whitespace seen before xref",  # @signpdf, the usual signer in JavaScript
            r"xref entry for the xref stream itself is missing",  # PDFBox, iText: nothing refers to it
            r"object has offset 0 - a common error",  # no object lies there, so it is null for every reader
            r"Resources is missing or invalid; repairing",  # a page without any, or an empty one
        )
    )
)
"""Each tells a deviation from the syntax that no reader understands in two ways. What pyHanko's strict reader
does not understand is refused besides."""


def warnings_of(pdf: pikepdf.Pdf) -> list[str]:
    """The warnings that qpdf gave since the last call, except about a count that no reader uses."""
    return [text for warning in pdf.get_warnings() if _COUNT not in (text := str(warning))]


def has_guessed(pdf: pikepdf.Pdf, *, signed: bool = False) -> bool:
    """Whether qpdf gave a warning since the last call; with `signed`, one that counts in a signed file."""
    found = warnings_of(pdf)
    return are_doubts(found) if signed else bool(found)


def are_doubts(warnings: Iterable[str]) -> bool:
    """Whether one of these warnings counts in a signed file."""
    return not all(_OF_SIGNED_FILES.search(warning) for warning in warnings)
