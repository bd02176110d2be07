"""Guards forms against cross-site request forgery, without JavaScript and without stored state.

A cookie holds a random visitor id; every form carries `nonce + tag(secret, visitor id, nonce)`. Only a page
that we rendered for this visitor can hold a matching pair (signed double submit, OWASP). The nonce changes
with every page, so that compression gives nothing away (BREACH). Where the browser tells that the form comes
from a page of ours, that is enough (`request_context.py`).
"""

from __future__ import annotations

import base64
import hmac
import secrets

from meterai.web.requests.mac import tag

FIELD = "bukti_formulir"
_NONCE_BYTES = 8


def new_visitor() -> str:
    """A visitor id: 128 random bits."""
    return secrets.token_urlsafe(16)


def make_proof(secret: bytes, visitor: str) -> str:
    """What a form carries."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return base64.urlsafe_b64encode(nonce + _tag(secret, visitor, nonce)).decode()


def is_proof(secret: bytes, visitor: str, proof: str) -> bool:
    """Whether `proof` was made for this visitor; compares in constant time."""
    if not visitor:
        return False
    try:
        raw = base64.urlsafe_b64decode(proof)
    except ValueError:
        return False
    nonce, given = raw[:_NONCE_BYTES], raw[_NONCE_BYTES:]
    return hmac.compare_digest(given, _tag(secret, visitor, nonce))


def make_permit(secret: bytes, *names: object) -> str:
    """Text that only we can have made for these names: for an address that a page of ours gives out."""
    return _permit(secret, names).hex()


def is_permit(secret: bytes, permit: str, *names: object) -> bool:
    """Whether `make_permit` made it for these names; compares in constant time."""
    return hmac.compare_digest(permit.encode(), _permit(secret, names).hex().encode())


def _permit(secret: bytes, names: tuple[object, ...]) -> bytes:
    return tag(secret, b"permit", "\x1f".join(str(name) for name in names).encode())


def _tag(secret: bytes, visitor: str, nonce: bytes) -> bytes:
    return tag(secret, b"form", nonce + visitor.encode())
