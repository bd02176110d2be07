"""The Python SDK signs requests and checks webhooks, with keys of every kind that the service takes."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import HTTPMessageVerifier, InvalidSignature, MappingKeyResolver, algorithms
from joserfc.jwk import ECKey, OKPKey, RSAKey
from standardwebhooks import Webhook

from meterai_sdk import Meterai, UnsafeWebhook, open_webhook
from tests.sdk.partner_server import Answer, Request, partner_server

SECRET, OTHER = (f"whsec_{base64.b64encode(bytes([sign]) * 32).decode()}" for sign in (1, 2))
BODY = json.dumps({"type": "stamp.done", "id": "evt_1"}).encode()


class Received:
    """A request as the library of the check reads it."""

    def __init__(self, url: str, request: Request) -> None:
        self.method, self.headers = request.method, request.headers
        self.url = url + request.path


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (OKPKey.generate_key("Ed25519"), algorithms.ED25519),
        (ECKey.generate_key("P-256"), algorithms.ECDSA_P256_SHA256),
        (RSAKey.generate_key(2048), algorithms.RSA_PSS_SHA512),
    ],
    ids=["Ed25519", "P-256", "RSA"],
)
def test_each_try_of_a_request_is_signed_with_its_body(key: Any, algorithm: Any) -> None:
    with partner_server() as server:
        server.key, server.answers = key, [Answer(503, {}), Answer(202, {})]
        pem = key.as_pem(private=True).decode()
        with Meterai(
            server.url, client_id="c", key_id="k", key=pem, signs_requests=True, sleep=lambda _: None
        ) as client:
            client.calls.send("POST", "/api/v1/stamps", body={"document": "doc_1"})
        resolver = MappingKeyResolver(public_keys={"k": key.public_key}, private_keys={})
        verifier = HTTPMessageVerifier(signature_algorithm=algorithm, key_resolver=resolver)
        covered = ("@method", "@target-uri", "authorization", "idempotency-key", "content-digest")
        assert len(server.requests) == 2
        for request in server.requests:
            verifier.verify(Received(server.url, request), require_components=covered, body=request.body)
        with pytest.raises(InvalidSignature):
            verifier.verify(Received(server.url, request), require_components=covered, body=b"other")


def signed(secret: str, at: datetime | None = None, body: bytes = BODY) -> dict[str, str]:
    at = at or datetime.now(UTC)
    signature = Webhook(secret).sign("msg_1", at, body.decode())
    return {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": str(int(at.timestamp())),
        "Webhook-Signature": signature,
    }


def signed_by(key: Ed25519PrivateKey, at: datetime | None = None) -> dict[str, str]:
    sent_at = str(int((at or datetime.now(UTC)).timestamp()))
    signature = base64.b64encode(key.sign(b"msg_1." + sent_at.encode() + b"." + BODY)).decode()
    return {"webhook-id": "msg_1", "webhook-timestamp": sent_at, "webhook-signature": f"v1,x v1a,{signature}"}


def test_a_webhook_is_opened_with_one_of_the_secrets() -> None:
    assert open_webhook(BODY, signed(OTHER), [SECRET, OTHER])["id"] == "evt_1"
    key = Ed25519PrivateKey.generate()
    public = "whpk_" + base64.b64encode(key.public_key().public_bytes_raw()).decode()
    assert open_webhook(BODY, signed_by(key), [public])["type"] == "stamp.done"


OLD = datetime.now(UTC) - timedelta(minutes=6)
PUBLIC = "whpk_" + base64.b64encode(Ed25519PrivateKey.generate().public_key().public_bytes_raw()).decode()
KEY = Ed25519PrivateKey.generate()


@pytest.mark.parametrize(
    ("headers", "secret", "body"),
    [
        (signed(OTHER), SECRET, BODY),
        (signed(SECRET), SECRET, BODY + b" "),
        (signed(SECRET, OLD), SECRET, BODY),
        (signed(SECRET) | {"Webhook-Signature": "v1"}, SECRET, BODY),
        ({}, SECRET, BODY),
        (signed_by(KEY), PUBLIC, BODY),
        (signed_by(KEY) | {"webhook-signature": "v1a,?"}, PUBLIC, BODY),
        (
            signed_by(KEY, OLD),
            "whpk_" + base64.b64encode(KEY.public_key().public_bytes_raw()).decode(),
            BODY,
        ),
        (signed(SECRET), PUBLIC, BODY),
    ],
    ids=["secret", "body", "old", "cut", "none", "key", "not base64", "old, by a key", "other kind"],
)
def test_a_webhook_that_may_be_from_somebody_else_is_refused(
    headers: dict[str, str], secret: str, body: bytes
) -> None:
    with pytest.raises(UnsafeWebhook):
        open_webhook(body, headers, [secret])
