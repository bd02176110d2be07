"""Checks an RFC 3161 time-stamp token as strictly as the signature that it dates."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
from cryptography import x509

from meterai.signatures import certificate_chain
from meterai.signatures.cms import FormError, read_token, token_info

FUTURE_ALLOWED = timedelta(minutes=5)


class TimeStamp(msgspec.Struct, frozen=True, kw_only=True):
    """What a token says, and what is wrong with it."""

    time: datetime | None
    """UTC; None when the token can't be read."""
    problem: str = ""
    """Reason code; empty is good."""


def check_token(token: bytes, dated: bytes, roots: list[x509.Certificate], moment: datetime) -> TimeStamp:
    """Whether `token` is a time stamp over `dated` by an authority of ours, not later than `moment`.

    The authority's certificates must have been valid at the stated time; revocation is not looked up.
    """
    return _check(token, lambda name: _digest(name, dated), roots, moment)


def check_token_for(
    token: bytes, imprint: bytes, roots: list[x509.Certificate], moment: datetime
) -> TimeStamp:
    """The same, for callers that know only the SHA-256 digest of the dated bytes."""
    return _check(token, lambda name: imprint if name == "sha256" else None, roots, moment)


def _check(
    token: bytes,
    imprint_by: Callable[[str], bytes | None],
    roots: list[x509.Certificate],
    moment: datetime,
) -> TimeStamp:
    """Checks a token. `imprint_by` gives the expected imprint for the name of a digest."""
    try:
        form = read_token(token)
        info = token_info(form)
        certificates = [certificate_chain.load_certificate(c) for c in form.certificates]
        right_imprint = info.imprint == imprint_by(info.imprint_digest)
        verified = certificate_chain.verifies(form, _digest(form.digest, form.content))
    except (FormError, ValueError):
        return TimeStamp(time=None, problem="time_stamp.broken")
    if not right_imprint or not verified:
        return TimeStamp(time=info.time, problem="time_stamp.broken")
    return TimeStamp(time=info.time, problem=_trust_problem(certificates, roots, info.time, moment))


def _trust_problem(
    certificates: list[x509.Certificate], roots: list[x509.Certificate], time: datetime, moment: datetime
) -> str:
    path = certificate_chain.build_path(certificates, roots, time, exact=True)
    if not path.leads_to_root:
        return "time_stamp.unknown_issuer"
    if path.problem or not certificate_chain.may_time_stamp(certificates[0]):
        return "time_stamp.broken"
    if time > moment + FUTURE_ALLOWED:
        return "time_stamp.future"
    return ""


def _digest(name: str, content: bytes) -> bytes:
    return hashlib.new(name, content).digest()
