"""Finds who calls, by the token of the request."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar.types import Receive, Scope

from meterai.api.access.access_tokens import read_token
from meterai.api.access.addresses import check_address
from meterai.api.access.caller import Caller
from meterai.api.access.known_clients import KnownClients
from meterai.api.access.message_signatures import check_signature, checking_digest
from meterai.api.dependencies import one_of
from meterai.bootstrap import App
from meterai.kernel.refusals import Kind, Refusal
from meterai.partners.clients.model import Client

TOKEN_PATH = "/api/v1/token"  # noqa: S105  # an address
REFUSES = {
    "access.no_token": Kind.UNAUTHENTICATED,
    "access.token_wrong": Kind.UNAUTHENTICATED,
    "access.token_ended": Kind.UNAUTHENTICATED,
    "access.revoked": Kind.UNAUTHENTICATED,
    "access.signature_missing": Kind.UNAUTHENTICATED,
    "access.signature_wrong": Kind.UNAUTHENTICATED,
    "access.address": Kind.FORBIDDEN,
}
"""What every operation for partners may refuse with, besides its scope."""


async def authenticate(service: App, scope: Scope) -> Caller:
    """Returns the client that calls. Only the head of the request is read.

    Raises: access.no_token, access.token_wrong, access.token_ended, access.revoked (401); access.address
    (403).
    """
    now = service.clock()
    token = read_token(service.secret, _bearer(scope), issuer=service.public_url, now=now)
    client = await _client(service, scope, token.client_id)
    if not client.is_active or client.key(token.key_id, now) is None:
        raise _revoked()
    check_address(client, scope)
    return Caller(
        organisation_id=client.organisation_id,
        account_holder=client.account_holder,
        client_id=client.id,
        key_id=token.key_id,
        scopes=token.scopes & client.limits.scopes,
    )


async def check_message(
    service: App, caller: Caller, scope: Scope, *, body: bytes | None, receive: Receive
) -> Receive:
    """Checks the signature of a message, if it has one or the agreement demands one (RFC 9421).

    `body` None: it streams. Then the `receive` that is returned compares it with the signed digest.

    Raises: access.signature_missing, access.signature_wrong (401).
    """
    client = await _client(service, scope, caller.client_id)
    digest = check_signature(client, scope, body, base=service.public_url, now=service.clock())
    streams_signed = body is None and (digest or client.signs_requests)
    return checking_digest(receive, digest) if streams_signed else receive


async def _client(service: App, scope: Any, client_id: UUID) -> Client:
    known = one_of(KnownClients, scope["litestar_app"].state, KnownClients)
    client = await known.find(service.db, client_id, now=service.clock())
    if client is None:
        raise _revoked()
    return client


def _revoked() -> Refusal:
    return Refusal(Kind.UNAUTHENTICATED, "access.revoked")


def _bearer(scope: Any) -> str:
    """The token of the header `Authorization` (RFC 6750)."""
    given = [value for name, value in scope["headers"] if name.lower() == b"authorization"]
    scheme, _, token = given[0].decode("latin-1").partition(" ") if len(given) == 1 else ("", "", "")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refusal(Kind.UNAUTHENTICATED, "access.no_token")
    return token.strip()
