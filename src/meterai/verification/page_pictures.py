"""The request to the jail for pictures of a page before and after something was added to it."""

from __future__ import annotations

import msgspec

from meterai.verification.model import Box

COMPARE_PAGE = "meterai.verification.in_jail.page_pictures:compare_page"


class CompareRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for pictures of one page, numbered from 1.

    The sealed revision is the first `sealed_bytes` of `data`. `boxes`: the places of what was added.
    """

    data: bytes
    sealed_bytes: int
    page: int
    boxes: tuple[Box, ...]


class BeforeAndAfter(msgspec.Struct, frozen=True, kw_only=True):
    """Two JPEGs: as it was sealed, and as it is in the file."""

    sealed: bytes
    now: bytes


class ComparedPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page with its added places outlined, and each place from close up, as the request names them."""

    whole: BeforeAndAfter
    places: tuple[BeforeAndAfter, ...]
