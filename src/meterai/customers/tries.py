"""Says why a typed code did not prove its contact, and when the next try is possible."""

from __future__ import annotations

import math
from datetime import datetime

from meterai.customers.store import TriedCode
from meterai.kernel.refusals import Kind, Refusal


def refuse_unproven(tried: TriedCode, now: datetime) -> None:
    """Raises, unless the code was right: what `verify_code` says."""
    wait_s = 0 if tried.wait_until is None else math.ceil((tried.wait_until - now).total_seconds())
    if tried.verdict == "early":
        raise Refusal(Kind.BUSY, "code.early", retry_after_s=max(1, wait_s))
    if tried.verdict == "wrong" and wait_s > 0:
        raise Refusal(Kind.FORBIDDEN, "code.wrong_wait", attempts_left=tried.tries_left, retry_after_s=wait_s)
    if tried.verdict == "wrong":
        raise Refusal(Kind.FORBIDDEN, "code.wrong", attempts_left=tried.tries_left)
    if tried.verdict == "used_up":
        raise Refusal(Kind.GONE, "code.used_up")
    if tried.verdict != "right":
        raise Refusal(Kind.GONE, "code.expired")
