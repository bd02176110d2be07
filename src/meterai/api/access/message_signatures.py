"""Checks the signatures of requests (RFC 9421, RFC 9530), which an agreement may demand."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final, cast
from urllib.parse import quote

from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageVerifier,
    MappingKeyResolver,
    VerificationKey,
    algorithms,
)
from litestar.types import HTTPReceiveMessage, Receive

from meterai.api.conventions.problems import FieldError
from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.typed_ids import Prefix, write_id
from meterai.partners.clients.model import Client
from meterai.partners.clients.public_keys import PublicKey, from_jwk

AGE_MAX: Final = timedelta(minutes=5)
_ALGORITHMS: Final = {
    "EC": algorithms.ECDSA_P256_SHA256,
    "OKP": algorithms.ED25519,
    "RSA": algorithms.RSA_PSS_SHA512,
}
"""By the kind of a key."""
_ALWAYS: Final = ("@method", "@target-uri", "authorization")
_DIGEST: Final = "content-digest"
_WHERE_THERE: Final = ("idempotency-key", _DIGEST)
_PATH_SIGNS: Final = "/:@!$&'()*+,;=-._~"
"""What stands in a path as it is (RFC 3986 section 3.3)."""
_STREAMED: Final = re.compile(r"(sha-256|sha-512)=:([A-Za-z0-9+/]+={0,2}):")


class _Headers:
    """The header fields of a request, each line of its own."""

    def __init__(self, scope: Any) -> None:
        self._lines = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]

    def items(self) -> Iterator[tuple[str, str]]:
        return iter(self._lines)

    def get(self, wanted: str) -> str:
        """The lines of a field together; empty when there is none."""
        return ", ".join(value for name, value in self._lines if name.lower() == wanted)


class _Request:
    """A request as the library reads it. `base`: our address, as clients write it."""

    def __init__(self, scope: Any, base: str) -> None:
        query = scope["query_string"].decode("latin-1")
        self.method: str = scope["method"]
        self.url = f"{base}{quote(scope['path'], safe=_PATH_SIGNS)}{'?' if query else ''}{query}"
        self.headers = _Headers(scope)


def check_signature(client: Client, scope: Any, body: bytes | None, *, base: str, now: datetime) -> str:
    """Checks the signature of a request, if it has one or the agreement of its organisation demands one.

    It covers the method, the address, the token, the Idempotency-Key and the digest of the body, and is at
    most five minutes old. `body` None: it has not arrived yet. Returns the Content-Digest that was signed.

    Raises: Refusal UNAUTHENTICATED `access.signature_missing`, `access.signature_wrong`.
    """
    request = _Request(scope, base)
    named = request.headers.get("signature-input")
    if not named and not request.headers.get("signature"):
        if client.signs_requests:
            raise Refusal(Kind.UNAUTHENTICATED, "access.signature_missing")
        return ""
    try:
        _verify(request, *_key_named(client, named, now), body)
    except HTTPMessageSignaturesException as error:
        raise _wrong(str(error)) from error
    return request.headers.get(_DIGEST)


def _verify(request: _Request, name: str, key: PublicKey, body: bytes | None) -> None:
    there = [field for field in _WHERE_THERE if request.headers.get(field)]
    public = cast(VerificationKey, key.public_key)
    verifier = HTTPMessageVerifier(
        signature_algorithm=_ALGORITHMS[key.key_type],
        key_resolver=MappingKeyResolver(public_keys={name: public}, private_keys={}),
    )
    verifier.verify(request, max_age=AGE_MAX, require_components=(*_ALWAYS, *there), body=body)


def _key_named(client: Client, signature_input: str, now: datetime) -> tuple[str, PublicKey]:
    """The key that a signature names by its id, such as `key_01j9...`."""
    for key in client.keys:
        name = write_id(Prefix.KEY, key.id)
        if key.counts(now) and f'keyid="{name}"' in signature_input:
            return name, from_jwk(key.public_key)
    raise _wrong("keyid names no key of this client that counts")


def _wrong(why: str) -> Refusal:
    error = FieldError(at="header.signature", message=why[:200])
    return Refusal(Kind.UNAUTHENTICATED, "access.signature_wrong", errors=(error,))


def checking_digest(receive: Receive, digest: str) -> Receive:
    """A `receive` that compares a body with its signed digest when its last piece arrives.

    Raises, at once or then: Refusal UNAUTHENTICATED `access.signature_wrong`.
    """
    found = _STREAMED.fullmatch(digest)
    if found is None:
        raise _wrong("a file needs a signed Content-Digest with one SHA-256 or SHA-512")
    hashed, expected = hashlib.new(found[1].replace("-", "")), base64.b64decode(found[2])

    async def receive_checked() -> HTTPReceiveMessage:
        message = cast("dict[str, Any]", await receive())
        if message["type"] == "http.request":
            hashed.update(message.get("body", b""))
            if not message.get("more_body", False) and not hmac.compare_digest(hashed.digest(), expected):
                raise _wrong("Content-Digest does not match the message body")
        return cast(HTTPReceiveMessage, message)

    return receive_checked
