"""The token endpoint: OAuth 2.0 client credentials with `private_key_jwt` (RFC 6749, RFC 7523)."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from litestar import Request, Response, get, post

from meterai.api.access.access_tokens import TOKEN_LIVES, AccessToken, make_token
from meterai.api.access.addresses import check_address
from meterai.api.access.authentication import TOKEN_PATH
from meterai.api.access.client_assertions import check_assertion, look_at, unknown_client
from meterai.api.conventions.operations import operation
from meterai.api.conventions.problems import problem_response
from meterai.api.dependencies import Service
from meterai.bootstrap import App
from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.typed_ids import Prefix, read_id
from meterai.kit.http.network_limits import Answer, NetworkLimits
from meterai.partners.clients.model import SCOPES, Client
from meterai.partners.clients.queries import find_client
from meterai.partners.use_cases.use_assertion import use_assertion

FORM: Final = "application/x-www-form-urlencoded"
FORM_BYTES_MAX: Final = 16 << 10
_GRANT: Final = "client_credentials"
_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_NOT_KEPT: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_ERRORS: Final = {
    "token.grant": "unsupported_grant_type",
    "token.scope": "invalid_scope",
    "token.form": "invalid_request",
}
"""The words of RFC 6749 section 5.2 for our codes. All others mean `invalid_client`."""


class GrantedToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token, as RFC 6749 section 5.1 has it."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105
    expires_in: int
    scope: str


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The form of a request for a token."""

    assertion: str
    client_id: str
    scopes: frozenset[str]
    """Empty: all that the client has."""


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """What OAuth libraries read of a server (RFC 8414)."""

    issuer: str
    token_endpoint: str
    grant_types_supported: tuple[str, ...] = (_GRANT,)
    response_types_supported: tuple[str, ...] = ()
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("private_key_jwt",)
    token_endpoint_auth_signing_alg_values_supported: tuple[str, ...] = (
        "ES256",
        "EdDSA",
        "Ed25519",
        "PS256",
        "RS256",
    )
    scopes_supported: tuple[str, ...] = SCOPES


@get("/.well-known/oauth-authorization-server", opt=operation(scope=None))
async def read_metadata(service: Service) -> Metadata:
    """Describes the token endpoint to OAuth libraries."""
    return Metadata(issuer=service.public_url, token_endpoint=service.public_url + TOKEN_PATH)


@post(
    TOKEN_PATH,
    opt=operation(
        scope=None,
        body=(FORM,),
        body_bytes_max=FORM_BYTES_MAX,
        refuses={
            "token.form": Kind.MALFORMED,
            "token.grant": Kind.MALFORMED,
            "token.scope": Kind.MALFORMED,
            "token.client_unknown": Kind.UNAUTHENTICATED,
            "token.assertion_ended": Kind.UNAUTHENTICATED,
            "token.assertion_long": Kind.UNAUTHENTICATED,
            "token.assertion_claim": Kind.UNAUTHENTICATED,
            "token.assertion_used": Kind.UNAUTHENTICATED,
            "token.later": Kind.BUSY,
            "access.address": Kind.FORBIDDEN,
        },
    ),
    status_code=200,
    request_max_body_size=FORM_BYTES_MAX,
)
async def give_token(request: Request[Any, Any, Any], service: Service) -> Response[GrantedToken]:
    """Gives a token for 15 minutes to a client that proves itself with a signed assertion.

    The form has `grant_type=client_credentials`, `client_assertion_type`, `client_assertion` and, to get
    fewer scopes than the client has, `scope`.

    The assertion is a JWT signed with a key of the client (ES256, EdDSA, PS256 or RS256). Its `iss` and `sub`
    are the client's id, its `aud` is this address or the issuer's. It lives for at most five minutes, and its
    `jti` counts once.
    """
    try:
        granted = await _grant(request, service)
    except Refusal as refusal:
        return _refused(refusal, service)
    return Response(granted, headers=_NOT_KEPT)


async def _grant(request: Request[Any, Any, Any], service: App) -> GrantedToken:
    now, asked = service.clock(), _read(await request.body(), request.headers.get("content-type", ""))
    address = request.client.host if request.client else ""
    if _LIMITS.take(address, time.monotonic()) is not Answer.WELCOME:
        raise Refusal(Kind.BUSY, "token.later", retry_after_s=60)
    claimed = look_at(asked.assertion)
    client = await _client(service, claimed.client, now)
    audiences = (service.public_url, service.public_url + TOKEN_PATH)
    proven = check_assertion(asked.assertion, client, names=claimed.key, audiences=audiences, now=now)
    if asked.client_id not in ("", claimed.client):
        raise unknown_client()
    check_address(client, request.scope)
    scopes = asked.scopes or client.limits.scopes
    if not scopes <= client.limits.scopes:
        raise Refusal(Kind.MALFORMED, "token.scope", scopes=" ".join(sorted(client.limits.scopes)))
    await use_assertion(service.db, client.id, proven.jti, ends_at=proven.ends_at)
    token = AccessToken(client_id=client.id, key_id=proven.key.id, scopes=scopes)
    return GrantedToken(
        access_token=make_token(service.secret, token, issuer=service.public_url, now=now),
        expires_in=int(TOKEN_LIVES.total_seconds()),
        scope=" ".join(sorted(scopes)),
    )


_LIMITS: Final = NetworkLimits(burst=300, per_second=5, hard_factor=1)
"""Requests for tokens of one network in a process. A client needs one in a quarter of an hour."""


def _read(body: bytes, kind: str) -> Asked:
    """Reads the form. Raises: Refusal MALFORMED `token.form`, `token.grant`."""
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=20)
    except ValueError as error:
        raise Refusal(Kind.MALFORMED, "token.form") from error
    form = dict(pairs)
    is_form = kind.partition(";")[0].strip().lower() == FORM and len(form) == len(pairs)
    if not is_form or "grant_type" not in form:
        raise Refusal(Kind.MALFORMED, "token.form")
    if form["grant_type"] != _GRANT:
        raise Refusal(Kind.MALFORMED, "token.grant")
    if form.get("client_assertion_type") != _ASSERTION_TYPE or not form.get("client_assertion"):
        raise Refusal(Kind.MALFORMED, "token.form")
    return Asked(
        assertion=form["client_assertion"],
        client_id=form.get("client_id", ""),
        scopes=frozenset(form.get("scope", "").split()),
    )


async def _client(service: App, name: str, now: datetime) -> Client:
    client_id = read_id(Prefix.CLIENT, name)
    client = None if client_id is None else await find_client(service.db, client_id, now=now)
    if client is None or not client.is_active:
        raise unknown_client()
    return client


def _refused(refusal: Refusal, service: App) -> Response[Any]:
    """The problem, with the members that RFC 6749 section 5.2 wants."""
    made = problem_response(refusal, base=service.public_url)
    problem: dict[str, Any] = msgspec.json.decode(made.content)
    if refusal.kind in (Kind.MALFORMED, Kind.UNAUTHENTICATED):
        problem["error"] = _ERRORS.get(refusal.code, "invalid_client")
        problem["error_description"] = problem["detail"]
    made.content = msgspec.json.encode(problem)
    made.headers.update(_NOT_KEPT)
    return made
