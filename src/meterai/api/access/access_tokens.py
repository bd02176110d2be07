"""Access tokens: JWTs (RFC 9068) with a MAC of ours. Every process can read those of the others."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import KeySet

from meterai.api.access.mac_keys import mac_key
from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.typed_ids import Prefix, read_id, write_id
from meterai.kit.application_secret import honoured

TOKEN_LIVES: Final = timedelta(minutes=15)
_PURPOSE: Final = b"meterai access token"
_ALGORITHM: Final = "HS256"
_TYPE: Final = "at+jwt"


class AccessToken(msgspec.Struct, frozen=True, kw_only=True):
    """What a token says. Whether its client and key still count is asked with each request."""

    client_id: UUID
    key_id: UUID
    """The key that signed the request for the token."""
    scopes: frozenset[str]


def make_token(secret: bytes, token: AccessToken, *, issuer: str, now: datetime) -> str:
    """Makes a token, which lives for `TOKEN_LIVES`."""
    key = mac_key(bytes(secret), _PURPOSE)
    client = write_id(Prefix.CLIENT, token.client_id)
    claims = {
        "iss": issuer,
        "aud": issuer,
        "sub": client,
        "client_id": client,
        "key_id": write_id(Prefix.KEY, token.key_id),
        "scope": " ".join(sorted(token.scopes)),
        "iat": int(now.timestamp()),
        "exp": int((now + TOKEN_LIVES).timestamp()),
        "jti": secrets.token_urlsafe(12),
    }
    header = {"alg": _ALGORITHM, "typ": _TYPE, "kid": str(key.kid)}
    return jwt.encode(header, claims, key, algorithms=[_ALGORITHM])


def read_token(secret: bytes, text: str, *, issuer: str, now: datetime) -> AccessToken:
    """Reads a token. Raises: Refusal UNAUTHENTICATED `access.token_wrong`, `access.token_ended`."""
    try:
        read = jwt.decode(
            text, KeySet([mac_key(one, _PURPOSE) for one in honoured(secret)]), algorithms=[_ALGORITHM]
        )
        _claims(issuer, now).validate(read.claims)
        if read.header.get("typ") != _TYPE:
            raise _wrong()
        return _token(read.claims)
    except ExpiredTokenError as error:
        raise Refusal(Kind.UNAUTHENTICATED, "access.token_ended") from error
    except (JoseError, ValueError, UnicodeError) as error:
        raise _wrong() from error


def _wrong() -> Refusal:
    return Refusal(Kind.UNAUTHENTICATED, "access.token_wrong")


def _claims(issuer: str, now: datetime) -> jwt.JWTClaimsRegistry:
    is_ours: jwt.ClaimsOption = {"essential": True, "value": issuer}
    return jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=0,
        iss=is_ours,
        aud=is_ours,
        exp={"essential": True},
    )


def _token(claims: dict[str, Any]) -> AccessToken:
    client, key = read_id(Prefix.CLIENT, str(claims["sub"])), read_id(Prefix.KEY, str(claims["key_id"]))
    if client is None or key is None:
        raise _wrong()
    return AccessToken(client_id=client, key_id=key, scopes=frozenset(str(claims["scope"]).split()))
