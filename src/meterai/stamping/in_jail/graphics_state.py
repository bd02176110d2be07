"""Makes page content leave the graphics state as it found it. Runs in the jail.

Flattened fields and comments are drawn after a page's content, which qpdf puts between one `q` and one `Q`
(ISO 32000-1 clause 8.4.2). A surplus `q` or `Q` would put them under a matrix or clip of the page.
"""

from __future__ import annotations

import zlib
from typing import Any

import pikepdf


def balance(pdf: pikepdf.Pdf, page: Any) -> None:
    """Removes each `Q` that has no `q` (readers ignore it), and adds those that are missing."""
    try:
        if _is_balanced(page):
            return
        states = _States()
        content = pikepdf.Page(page).get_filtered_contents(states)
    except (pikepdf.PikepdfError, TypeError):  # no content, or content that can't be unpacked
        return
    content += b"\nQ" * states.saved
    page["/Contents"] = pdf.make_stream(zlib.compress(content), Filter=pikepdf.Name.FlateDecode)


def _is_balanced(page: Any) -> bool:
    saved = 0
    for instruction in pikepdf.parse_content_stream(page, "q Q"):
        saved += 1 if instruction.operator == _SAVE else -1
        if saved < 0:
            return False
    return saved == 0


_SAVE = pikepdf.Operator("q")


class _States(pikepdf.TokenFilter):
    """Counts states in Python, which is slow: only for the few pages that need it."""

    def __init__(self) -> None:
        super().__init__()
        self.saved = 0

    def handle_token(self, token: pikepdf.Token) -> pikepdf.Token | None:
        if token.type_ == pikepdf.TokenType.word:
            if token.raw_value == b"q":
                self.saved += 1
            elif token.raw_value == b"Q":
                if not self.saved:
                    return None
                self.saved -= 1
        return token
