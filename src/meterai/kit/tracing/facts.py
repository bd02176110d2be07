"""What a span may say of its work. The list is short, and no entry takes what a person typed or owns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, TypedDict


class Facts(TypedDict, total=False):
    """The facts that code may give a span; mypy refuses others."""

    method: str
    """Of an HTTP request."""
    route: str
    """Template of an address, such as `/pesanan/{token}`. Never an address itself: its tokens are rights."""
    status: int
    """Of an HTTP answer."""
    service: str
    """Name of a service outside, as in metrics, such as a payment gateway."""
    task: str
    """Function that the jail ran."""
    cpu_ms: int
    """CPU time that the jail used for it."""
    asked: str
    """Kind of a request to the signer."""
    topic: str
    """Of a row of the outbox."""
    pieces: int
    """How many things were worked on together."""
    code: str
    """Of the refusal that ended the work."""


NAMES: Final[Mapping[str, str]] = {
    "method": "http.request.method",
    "route": "http.route",
    "status": "http.response.status_code",
    "service": "meterai.service",
    "task": "meterai.jail.task",
    "cpu_ms": "meterai.jail.cpu_ms",
    "asked": "meterai.signer.asked",
    "topic": "meterai.topic",
    "pieces": "meterai.pieces",
    "code": "meterai.code",
}
"""The names of the facts for collectors: OpenTelemetry's own, or ours. What is not here is not sent."""
_TEXT: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]{0,59}", re.A)
_ROUTE: Final = re.compile(r"/|(/([A-Za-z0-9_.-]{1,40}|\{[a-z0-9_]{1,30}(:[a-z]{1,10})?\})){1,12}", re.A)


def sendable(facts: Mapping[str, str | int]) -> dict[str, str | int]:
    """The facts that may leave, by their names for collectors. Others are left out, so no mistake leaks."""
    return {NAMES[name]: value for name, value in facts.items() if name in NAMES and _may_leave(name, value)}


def _may_leave(name: str, value: str | int) -> bool:
    if isinstance(value, str):
        return bool((_ROUTE if name == "route" else _TEXT).fullmatch(value))
    return True
