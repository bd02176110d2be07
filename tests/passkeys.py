"""An authenticator in software: it makes real passkeys and assertions for tests (ES256, attestation none)."""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import bytes_to_base64url, encode_cbor

PRESENT, VERIFIED, NEW_KEY = 0x01, 0x04, 0x40
"""Flags of authenticator data (WebAuthn level 3, section 6.1)."""


class Authenticator:
    """Holds one passkey. `counts`: its signatures, or not; `verifies`: it asks for a PIN, or not."""

    def __init__(self, origin: str, *, counts: bool = True, verifies: bool = True) -> None:
        self.origin = origin
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.credential_id = secrets.token_bytes(32)
        self.count = 0
        self.counts = counts
        self.flags = PRESENT | (VERIFIED if verifies else 0)

    def make(self, options: str) -> str:
        """Answers as `navigator.credentials.create` does."""
        asked = json.loads(options)
        data = self._data(asked["rp"]["id"], NEW_KEY) + bytes(15) + b"\1"
        data += len(self.credential_id).to_bytes(2, "big") + self.credential_id + self._cose()
        attestation = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", asked["challenge"])
        return self._answer(clientDataJSON=client, attestationObject=attestation)

    def sign(self, options: str) -> str:
        """Answers as `navigator.credentials.get` does."""
        asked = json.loads(options)
        self.count += self.counts
        data = self._data(asked["rpId"], 0)
        client = self._client("webauthn.get", asked["challenge"])
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer(clientDataJSON=client, authenticatorData=data, signature=signature)

    def _data(self, host: str, more: int) -> bytes:
        flags = bytes([self.flags | more])
        return hashlib.sha256(host.encode()).digest() + flags + self.count.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _cose(self) -> bytes:
        """The public key as RFC 9053 section 7.1.1 says: kty EC2, alg ES256, crv P-256, x, y."""
        point = self.key.public_key().public_numbers()
        return encode_cbor(
            {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        )

    def _answer(self, **response: bytes) -> str:
        id = bytes_to_base64url(self.credential_id)
        said: dict[str, Any] = {name: bytes_to_base64url(value) for name, value in response.items()}
        return json.dumps({"id": id, "rawId": id, "type": "public-key", "response": said})
