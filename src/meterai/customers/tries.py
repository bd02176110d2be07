"""Says why a typed code did not prove its contact."""

from __future__ import annotations

from meterai.customers.store import TriedCode
from meterai.kernel.refusals import Kind, Refusal


def refuse_unproven(tried: TriedCode) -> None:
    """Raises, unless the code was right: Refusal FORBIDDEN `code.wrong` (`attempts_left`); GONE
    `code.expired`, `code.used_up`."""
    if tried.verdict == "wrong":
        raise Refusal(Kind.FORBIDDEN, "code.wrong", attempts_left=tried.tries_left)
    if tried.verdict == "used_up":
        raise Refusal(Kind.GONE, "code.used_up")
    if tried.verdict != "right":
        raise Refusal(Kind.GONE, "code.expired")
