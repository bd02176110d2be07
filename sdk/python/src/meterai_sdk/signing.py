"""Signs requests (RFC 9421), for partners whose agreement demands it."""

from __future__ import annotations

from typing import Final, cast

import httpx
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver, algorithms
from http_message_signatures.resolvers import SigningKey

from meterai_sdk.credentials import Credentials

_ALGORITHMS: Final = {
    "EC": algorithms.ECDSA_P256_SHA256,
    "OKP": algorithms.ED25519,
    "RSA": algorithms.RSA_PSS_SHA512,
}
_ALWAYS: Final = ("@method", "@target-uri", "authorization")
_WHERE_THERE: Final = ("idempotency-key",)


class RequestSigner:
    """Signs with the key that also buys the tokens."""

    def __init__(self, credentials: Credentials) -> None:
        self._key_id = credentials.key_id
        private_key = cast("SigningKey", credentials.key.private_key)
        self._signer = HTTPMessageSigner(
            signature_algorithm=_ALGORITHMS[credentials.key.key_type],
            key_resolver=MappingKeyResolver(private_keys={self._key_id: private_key}, public_keys={}),
        )

    def sign(self, request: httpx.Request) -> None:
        """Puts a signature of its method, address, token, Idempotency-Key and body on a request."""
        there = [name for name in _WHERE_THERE if name in request.headers]
        self._signer.sign(
            request,
            key_id=self._key_id,
            covered_component_ids=(*_ALWAYS, *there),
            body=request.content or None,
            use_existing_digest="content-digest" in request.headers,
        )
