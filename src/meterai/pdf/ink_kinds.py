"""Names what can lie under a place on a page. `pdf/ink.py` looks, in the jail."""

from __future__ import annotations

from enum import StrEnum


class Ink(StrEnum):
    """What lies in a place, the weightiest first."""

    FIELD = "field"
    """A form field or a signature, filled or empty."""
    COMMENT = "comment"
    """Another annotation."""
    TEXT = "text"
    """A letter or digit of the text layer."""
    DRAWN = "drawn"
    """Lines of a drawing, a picture, or the text of a scan."""
    NOTHING = ""
