"""Guards forms against cross-site request forgery, without JavaScript and without stored state.

A cookie holds a random visitor id. Every form carries `nonce + tag(secret, visitor id, session, nonce)`. Only
a page that we rendered for this visitor in this session holds a matching proof (signed double submit,
OWASP). The nonce changes with every page, so that compression gives nothing away (BREACH). When the browser
says that a form comes from one of our pages, no proof is needed (`form_origin.py`).
"""

from __future__ import annotations

import base64
import secrets

from meterai.web.requests.mac import is_tag, tag

FIELD = "bukti_formulir"
_NONCE_BYTES = 8
_FORM, _PERMIT = b"form", b"permit"


def new_visitor() -> str:
    """Makes a visitor id: 128 random bits."""
    return secrets.token_urlsafe(16)


def make_proof(secret: bytes, visitor: str, *, session: str) -> str:
    """Makes the proof that a form carries. `session`: the visitor's; empty: they are not signed in."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return base64.urlsafe_b64encode(nonce + tag(secret, _FORM, nonce + _bound(visitor, session))).decode()


def is_proof(secret: bytes, visitor: str, *, session: str, proof: str) -> bool:
    """Tells whether `proof` was made for this visitor in this session. Compares in constant time."""
    if not visitor:
        return False
    try:
        raw = base64.urlsafe_b64decode(proof)
    except ValueError:
        return False
    nonce, given = raw[:_NONCE_BYTES], raw[_NONCE_BYTES:]
    return is_tag(secret, _FORM, nonce + _bound(visitor, session), given)


def make_permit(secret: bytes, *names: object) -> str:
    """Makes a text for these names that nobody else can make. It goes into addresses on our pages."""
    return tag(secret, _PERMIT, _about(names)).hex()


def is_permit(secret: bytes, permit: str, *names: object) -> bool:
    """Tells whether `make_permit` made it for these names. Compares in constant time."""
    try:
        given = bytes.fromhex(permit)
    except ValueError:
        return False
    return is_tag(secret, _PERMIT, _about(names), given)


def _about(names: tuple[object, ...]) -> bytes:
    return "\x1f".join(str(name) for name in names).encode()


def _bound(visitor: str, session: str) -> bytes:
    return (f"{visitor}\x00{session}" if session else visitor).encode()
