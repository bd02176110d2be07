"""The header `traceparent` of W3C Trace Context: which span of which trace another process continues."""

from __future__ import annotations

import re
import secrets
from typing import Final, NamedTuple

_FORM: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.A)
_SAMPLED: Final = 1


class Traceparent(NamedTuple):
    """A span of a trace."""

    trace_id: str
    """32 hexadecimal digits."""
    span_id: str
    """16 hexadecimal digits."""
    is_recorded: bool = True
    """Whether the one that sent it records this trace."""

    def __str__(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.is_recorded else '00'}"


def read_traceparent(text: str) -> Traceparent | None:
    """Reads a header. None for anything that the recommendation calls invalid, and for an empty text."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    version, trace_id, span_id, flags, more = found.groups()
    is_known = version != "ff" and (version != "00" or more is None)
    if not is_known or not int(trace_id, 16) or not int(span_id, 16):
        return None
    return Traceparent(trace_id, span_id, bool(int(flags, 16) & _SAMPLED))


def new_trace_id() -> str:
    """Makes the id of a trace, from random bytes alone."""
    return secrets.token_hex(16)


def new_span_id() -> str:
    """Makes the id of a span, from random bytes alone."""
    return secrets.token_hex(8)
