"""Reads the assertion by which a client proves itself: `private_key_jwt` (RFC 7523)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError, MissingClaimError
from joserfc.jws import extract_compact

from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.typed_ids import Prefix, read_id, write_id
from meterai.partners.clients.model import Client, ClientKey
from meterai.partners.clients.public_keys import algorithms_of, from_jwk

LIVES_MAX: Final = timedelta(minutes=5)
LEEWAY: Final = timedelta(seconds=30)
"""How far the client's clock may be from ours."""
_JTI_MAX: Final = 200


class Assertion(msgspec.Struct, frozen=True, kw_only=True):
    """An assertion that holds, unless it was used before."""

    key: ClientKey
    jti: str
    ends_at: datetime


class Unproven(msgspec.Struct, frozen=True, kw_only=True):
    """What an assertion says of itself before anything is proven."""

    client: str
    key: str
    """Empty: it names none."""


def look_at(text: str) -> Unproven:
    """Reads who an assertion claims to be from. Raises: Refusal UNAUTHENTICATED `token.client_unknown`."""
    try:
        unproven = extract_compact(text.encode("ascii"))
        claims = msgspec.json.decode(unproven.payload or b"", type=dict[str, Any])
        header = unproven.headers()
    except (JoseError, ValueError) as error:
        raise unknown_client() from error
    return Unproven(client=str(claims.get("sub", "")), key=str(header.get("kid", "")))


def unknown_client() -> Refusal:
    """The one answer for an unknown client, an unknown key and a wrong signature."""
    return Refusal(Kind.UNAUTHENTICATED, "token.client_unknown")


def check_assertion(
    text: str, client: Client, *, names: str, audiences: Collection[str], now: datetime
) -> Assertion:
    """Checks signature and claims. `names`: the key that the assertion names.

    Raises: Refusal UNAUTHENTICATED `token.client_unknown`; once the signature holds `token.assertion_ended`,
    `token.assertion_long`, `token.assertion_claim` with the name of the claim.
    """
    for key in _candidates(client, names, now):
        public = from_jwk(key.public_key)
        try:
            claims = jwt.decode(text, public, algorithms=algorithms_of(public)).claims
        except (JoseError, ValueError):
            continue
        return _checked(claims, client, key, audiences=audiences, now=now)
    raise unknown_client()


def _candidates(client: Client, names: str, now: datetime) -> Sequence[ClientKey]:
    """The keys that may have signed: the one that is named by our id or its thumbprint, or else any."""
    counting = [key for key in client.keys if key.counts(now)]
    named = read_id(Prefix.KEY, names)
    return [key for key in counting if not names or key.id == named or key.thumbprint == names]


def _checked(
    claims: dict[str, Any], client: Client, key: ClientKey, *, audiences: Collection[str], now: datetime
) -> Assertion:
    try:
        _registry(client, audiences, now).validate(claims)
    except ExpiredTokenError as error:
        raise Refusal(Kind.UNAUTHENTICATED, "token.assertion_ended") from error
    except (InvalidClaimError, MissingClaimError) as error:
        raise Refusal(Kind.UNAUTHENTICATED, "token.assertion_claim", claim=error.claim) from error
    ends_at = datetime.fromtimestamp(claims["exp"], now.tzinfo)
    if ends_at > now + LIVES_MAX + LEEWAY:
        raise Refusal(Kind.UNAUTHENTICATED, "token.assertion_long")
    if len(claims["jti"]) > _JTI_MAX:
        raise Refusal(Kind.UNAUTHENTICATED, "token.assertion_claim", claim="jti")
    return Assertion(key=key, jti=claims["jti"], ends_at=ends_at)


def _registry(client: Client, audiences: Collection[str], now: datetime) -> jwt.JWTClaimsRegistry:
    name = write_id(Prefix.CLIENT, client.id)
    return jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=int(LEEWAY.total_seconds()),
        iss={"essential": True, "value": name},
        sub={"essential": True, "value": name},
        aud={"essential": True, "values": list(audiences)},
        exp={"essential": True},
        jti={"essential": True},
    )
