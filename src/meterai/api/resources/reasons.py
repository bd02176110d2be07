"""Why something that goes on without a request was refused or is late."""

from __future__ import annotations

import msgspec

from meterai.texts.api_problems import explanation_of
from meterai.texts.mechanism.translation import translate
from meterai.texts.refusals import TABLE


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """A code that stays the same, and what it means."""

    code: str
    detail: str
    """In English."""
    detail_id: str
    """In Indonesian."""


def reason_of(code: str) -> Reason:
    """The reason with this code."""
    words = explanation_of(code) or TABLE["server.fault"]
    detail, detail_id = (
        " ".join(translate(sentence, language, words.facts) for sentence in (words.what, words.next))
        for language in ("en", "id")
    )
    return Reason(code=code, detail=detail, detail_id=detail_id)
