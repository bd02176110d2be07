"""The shape of a message to customers."""

from __future__ import annotations

from typing import NamedTuple


class Letter(NamedTuple):
    """Two marked sentences with `{facts}`. A blank line in `text` separates paragraphs."""

    subject: str
    text: str
