"""The HTTP status of a refusal (RFC 9110 section 15, RFC 6585 section 4), the same in every door."""

from __future__ import annotations

from meterai.kernel.refusals import Kind, Refusal

_STATUS = {
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.GONE: 410,
    Kind.BUSY: 429,
    Kind.FORBIDDEN: 403,
    Kind.INVALID: 422,
    Kind.UNAVAILABLE: 503,
    Kind.MALFORMED: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.TOO_LARGE: 413,
    Kind.WRONG_TYPE: 415,
}


def http_status(refusal: Refusal | None) -> int:
    """The status of an answer; 200 when nothing was refused."""
    return 200 if refusal is None else status_of(refusal.kind)


def status_of(kind: Kind) -> int:
    """The status for refusals of this kind."""
    return _STATUS[kind]
