"""Refusals. Each has a kind, which a door turns into a status, and a code, which selects the text."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """Why a request was not carried out; `kit/http/status.py` maps it to a status."""

    NOT_FOUND = "not_found"  # also what somebody else's id answers (I16)
    CONFLICT = "conflict"
    GONE = "gone"
    BUSY = "busy"  # try again after a while
    FORBIDDEN = "forbidden"
    INVALID = "invalid"
    UNAVAILABLE = "unavailable"  # a part behind us is down
    MALFORMED = "malformed"  # of a request to the API: it cannot be read, or lacks a header
    UNAUTHENTICATED = "unauthenticated"  # nobody, or not who they say they are
    TOO_LARGE = "too_large"
    WRONG_TYPE = "wrong_type"  # of a body: its media type


class Refusal(Exception):
    """A named refusal. `code` is the key into the table of messages; `facts` fill its placeholders.

    Facts must hold no secret and no personal data: they may be logged.
    """

    def __init__(self, kind: Kind, code: str, /, **facts: object) -> None:
        super().__init__(code)
        self.kind = kind
        self.code = code
        self.facts = facts
