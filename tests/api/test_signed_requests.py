"""Signed requests (RFC 9421): demanded by the agreement, or checked where a client sends them."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver, algorithms
from joserfc.jwk import OKPKey
from litestar import Request, get, post

from meterai.api.access.token_endpoint import give_token
from meterai.api.conventions.operations import operation
from meterai.api.conventions.problems import problem_response
from meterai.api.conventions.router import api_router
from meterai.partners.model import Terms
from meterai.partners.use_cases.agree import agree
from meterai.web.site import build_site
from tests.api.partner import code_of
from tests.api.programs import ISSUER, Program, new_key, registered, rsa_key
from tests.api.test_tokens import firm_of
from tests.web.asking import Answer, ask
from tests.web.running_site import OFFER, RunningSite

NOTES, FILES = "/api/v1/notes", "/api/v1/files"
BODY = b'{"text":"lunas"}'
COVERED = ("@method", "@target-uri", "authorization", "idempotency-key", "content-digest")
ALGORITHMS = {
    "EC": algorithms.ECDSA_P256_SHA256,
    "OKP": algorithms.ED25519,
    "RSA": algorithms.RSA_PSS_SHA512,
}


@post(NOTES, opt=operation(scope="stamps:write"), status_code=200)
async def write_note(data: dict[str, str]) -> dict[str, str]:
    """Answers with what was sent."""
    return data


@get(NOTES, opt=operation(scope="stamps:read"))
async def read_notes(limit: int = 1) -> int:
    """Answers with its query."""
    return limit


@post(FILES, opt=operation(scope="documents:write", streams=True, body=("application/pdf",)), status_code=200)
async def take_file(request: Request[Any, Any, Any]) -> int:
    """Answers with the length of a body that it reads piece by piece."""
    return sum([len(piece) async for piece in request.stream()])


class Sent:
    """A request to be signed, as HTTP libraries have one."""

    def __init__(self, method: str, address: str, headers: dict[str, str]) -> None:
        self.method, self.url, self.headers = method, ISSUER + address, headers


class SigningProgram:
    """A program that signs what it sends. `token`: its token."""

    def __init__(self, program: Program, token: str) -> None:
        self.program, self.token = program, token

    def headers(self, body: bytes = b"", *, kind: str = "application/json", key: str = "a") -> dict[str, str]:
        headers = {"authorization": f"Bearer {self.token}"}
        return headers | ({"content-type": kind, "idempotency-key": key} if body else {})

    def signed(self, method: str, address: str, headers: dict[str, str], **more: Any) -> dict[str, str]:
        """The headers with a signature. `more`: for the library; `signer`: another program."""
        by: Program = more.pop("signer", self.program)
        sent = Sent(method, address, dict(headers))
        signer = HTTPMessageSigner(
            signature_algorithm=ALGORITHMS[by.key.key_type],
            key_resolver=MappingKeyResolver(
                public_keys={},
                private_keys={self.program.key_id: by.key.private_key},  # type: ignore[dict-item]
            ),
        )
        covered = [name for name in COVERED if name in sent.headers or name.startswith("@")]
        signer.sign(sent, **({"key_id": self.program.key_id, "covered_component_ids": covered} | more))
        return {name.lower(): value for name, value in sent.headers.items()}

    async def post(self, headers: dict[str, str], body: bytes = BODY, address: str = NOTES) -> Answer:
        return await ask(self.program.site, address, method="POST", headers=headers, body=body)


async def program_with(running: RunningSite, *, signs: bool, key: Any = None) -> SigningProgram:
    firm = await firm_of(running)
    terms = Terms(unit_price=10_000, signed_requests=signs)
    await agree(running.line.database.app, firm.id, terms, now=running.line.now, actor="ani")
    program = await registered(running, firm.id, key=key)
    program.site = build_site(
        running.app,
        offer=OFFER,
        more_routes=[api_router([give_token, write_note, read_notes, take_file])],
        problem=problem_response,
    )
    return SigningProgram(program, await program.token())


@pytest_asyncio.fixture
async def signing(running: RunningSite) -> SigningProgram:
    """A program whose agreement demands signatures."""
    return await program_with(running, signs=True)


async def test_where_an_agreement_demands_signatures_nothing_else_is_taken(signing: SigningProgram) -> None:
    plain = signing.headers(BODY)
    assert code_of(await signing.post(plain)) == (401, "access.signature_missing")
    assert (await signing.post(signing.signed("POST", NOTES, plain, body=BODY))).status == 200
    asked = f"{NOTES}?limit=3"
    headers = signing.signed("GET", asked, signing.headers())
    answer = await ask(signing.program.site, asked, headers=headers)
    assert (answer.status, answer.text) == (200, "3")
    answer = await ask(signing.program.site, f"{NOTES}?limit=4", headers=headers)
    assert code_of(answer) == (401, "access.signature_wrong")
    refused = await ask(signing.program.site, asked, headers=signing.headers())
    assert code_of(refused) == (401, "access.signature_missing")


async def test_a_signature_that_does_not_fit_is_refused(signing: SigningProgram) -> None:
    plain = signing.headers(BODY)
    good = signing.signed("POST", NOTES, plain, body=BODY)
    stranger = Program(signing.program.running, signing.program.uuid, signing.program.key_uuid, new_key())
    old = datetime.fromtimestamp(time.time() - 320, UTC)
    for what, headers, body in (
        ("another body", good, b'{"text":"lunak"}'),
        ("another digest", good | {"content-digest": "sha-256=:AAAA:"}, BODY),
        ("another Idempotency-Key", good | {"idempotency-key": "b"}, BODY),
        ("another token", good | {"authorization": f"Bearer {await signing.program.token()}"}, BODY),
        ("another method", signing.signed("PUT", NOTES, plain, body=BODY), BODY),
        ("another address", signing.signed("POST", FILES, plain, body=BODY), BODY),
        ("another's key", signing.signed("POST", NOTES, plain, body=BODY, signer=stranger), BODY),
        ("too old", signing.signed("POST", NOTES, plain, body=BODY, created=old), BODY),
        ("no digest", signing.signed("POST", NOTES, plain), BODY),
        (
            "the key not covered",
            signing.signed(
                "POST", NOTES, plain, body=BODY,
                covered_component_ids=("@method", "@target-uri", "authorization"),
            ),
            BODY,
        ),
        ("no signature beside its input", {k: v for k, v in good.items() if k != "signature"}, BODY),
        ("no input beside its signature", {k: v for k, v in good.items() if k != "signature-input"}, BODY),
        ("no structured field", good | {"signature-input": f'((keyid="{signing.program.key_id}"'}, BODY),
    ):  # fmt: skip
        assert code_of(await signing.post(headers, body)) == (401, "access.signature_wrong"), what


async def test_a_file_that_streams_is_compared_with_its_signed_digest(signing: SigningProgram) -> None:
    body = b"%PDF-1.7 " + b"x" * 70_000
    plain = signing.headers(body, kind="application/pdf")
    good = signing.signed("POST", FILES, plain, body=body)
    answer = await signing.post(good, body, FILES)
    assert (answer.status, answer.text) == (200, str(len(body)))
    changed = good | {"idempotency-key": "b"}
    for key, headers, sent in (
        ("b", good, body[:-1] + b"y"),
        ("c", good, body[:-1]),
        ("d", None, body),
    ):
        fresh = plain | {"idempotency-key": key}
        signed = signing.signed("POST", FILES, fresh, **({"body": body} if headers else {}))
        assert code_of(await signing.post(signed, sent, FILES)) == (401, "access.signature_wrong")
    assert code_of(await signing.post(changed, body, FILES)) == (401, "access.signature_wrong")


@pytest.mark.parametrize("kind", ["EC", "OKP", "RSA"])
async def test_signatures_are_checked_also_where_none_is_demanded(running: RunningSite, kind: str) -> None:
    """So a partner can try them before the agreement changes. Each kind of key has its algorithm."""
    key = {"EC": new_key, "OKP": lambda: OKPKey.generate_key("Ed25519"), "RSA": rsa_key}[kind]()
    program = await program_with(running, signs=False, key=key)
    plain = program.headers(BODY)
    assert (await program.post(plain)).status == 200
    signed = program.signed("POST", NOTES, plain | {"idempotency-key": "b"}, body=BODY)
    assert (await program.post(signed)).status == 200
    assert code_of(await program.post(signed, b"{}")) == (401, "access.signature_wrong")
