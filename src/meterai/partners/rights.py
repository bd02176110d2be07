"""What each role of an organisation's members may do."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from meterai.partners.model import MemberRole


class Right(StrEnum):
    """Something that members do for their organisation."""

    SHOW = "show"
    """See documents, bundles, quota, receipts and statements."""
    STAMP = "stamp"
    """Upload documents and stamp them with the organisation's stock."""
    BUNDLE = "bundle"
    """Stamp many documents at once."""
    BUY = "buy"
    """Take stamps from the organisation above, prepaid or on credit."""
    MANAGE = "manage"
    """Say who the members are."""
    CONNECT = "connect"
    """Manage the programs that call the API, their keys and webhooks, and see what they asked for."""


_RIGHTS: Final[Mapping[MemberRole, frozenset[Right]]] = {
    MemberRole.OWNER: frozenset(Right),
    MemberRole.BUYER: frozenset({Right.SHOW, Right.BUY}),
    MemberRole.STAMPER: frozenset({Right.SHOW, Right.STAMP, Right.BUNDLE}),
    MemberRole.VIEWER: frozenset({Right.SHOW}),
}


def has_right(role: MemberRole, right: Right) -> bool:
    """Whether members with this role may do it."""
    return right in _RIGHTS[role]
