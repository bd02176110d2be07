"""Logins of the wire: the token that one gives, and who calls with it.

A token is a JWT with a MAC (HS256). It opens nothing of API v1, and tokens of API v1 open nothing here.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import KeySet
from litestar.datastructures import State

from meterai.api.access.addresses import check_address
from meterai.api.access.caller import Caller
from meterai.api.access.known_clients import LOOK_S, KnownClients
from meterai.api.access.mac_keys import mac_key
from meterai.api.conventions.bodies import header
from meterai.api.dependencies import one_of
from meterai.api.wire.bodies import Said
from meterai.bootstrap import App
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.application_secret import honoured
from meterai.kit.database import Database
from meterai.kit.recent_cache import RecentCache
from meterai.partners.clients.model import Client
from meterai.partners.logins.model import Login
from meterai.partners.logins.queries import find_login

TOKEN_LIVES: Final = timedelta(hours=24)
TOKEN_FIELDS: Final = ("jwToken", "token")
"""Fields of a body that clients use instead of the header."""
_PURPOSE: Final = b"meterai wire token"
_ALGORITHM: Final = "HS256"
_AUDIENCE: Final = "/wire"


class WireToken(msgspec.Struct, frozen=True, kw_only=True):
    """What a token says. Whether its login still counts is asked with each request."""

    login_id: UUID
    user: str


def make_wire_token(secret: bytes, login: Login, *, issuer: str, now: datetime) -> str:
    """Makes a token, which lives for `TOKEN_LIVES`."""
    key = mac_key(bytes(secret), _PURPOSE)
    claims = {
        "email": login.user,
        "sub": login.user,
        "aud": issuer + _AUDIENCE,
        "iss": issuer,
        "jti": f"{login.id}.{secrets.token_urlsafe(12)}",
        "iat": int(now.timestamp()),
        "exp": int((now + TOKEN_LIVES).timestamp()),
    }
    header = {"alg": _ALGORITHM, "typ": "JWT", "kid": str(key.kid)}
    return jwt.encode(header, claims, key, algorithms=[_ALGORITHM])


def read_wire_token(secret: bytes, text: str, *, issuer: str, now: datetime) -> WireToken:
    """Reads a token. Raises: Refusal UNAUTHENTICATED `access.token_wrong`, `access.token_ended`."""
    keys = KeySet([mac_key(one, _PURPOSE) for one in honoured(secret)])
    try:
        claims = jwt.decode(text, keys, algorithms=[_ALGORITHM]).claims
        _claims(issuer, now).validate(claims)
        login_id = UUID(str(claims["jti"]).partition(".")[0])
    except ExpiredTokenError as error:
        raise Refusal(Kind.UNAUTHENTICATED, "access.token_ended") from error
    except (JoseError, KeyError, ValueError, UnicodeError) as error:
        raise Refusal(Kind.UNAUTHENTICATED, "access.token_wrong") from error
    return WireToken(login_id=login_id, user=str(claims["sub"]))


def _claims(issuer: str, now: datetime) -> jwt.JWTClaimsRegistry:
    return jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=0,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": issuer + _AUDIENCE},
        sub={"essential": True},
        jti={"essential": True},
        exp={"essential": True},
    )


class KnownLogins:
    """The logins that called lately. A look is at most `LOOK_S` old, as in `KnownClients`."""

    def __init__(self) -> None:
        self._known: RecentCache[str, tuple[datetime, Login]] = RecentCache()

    async def find(self, db: Database, user: str, *, now: datetime) -> Login | None:
        """The login of this user, as it was at most `LOOK_S` ago."""
        found = self._known.get(user)
        if found is not None and timedelta() <= now - found[0] < timedelta(seconds=LOOK_S):
            return found[1]
        login = await find_login(db, user)
        if login is not None:
            self._known.keep(user, (now, login))
        return login


async def wire_caller(service: App, state: State, scope: Any, said: Said) -> Caller:
    """Returns the client whose login the token of a request names. `state`: of the application.

    Raises: access.no_token, access.token_wrong, access.token_ended, access.revoked (UNAUTHENTICATED);
    access.address, wire.signed_requests (FORBIDDEN).
    """
    now = service.clock()
    token = read_wire_token(service.secret, _token(scope, said), issuer=service.public_url, now=now)
    login = await one_of(KnownLogins, state, KnownLogins).find(service.db, token.user, now=now)
    if login is None or login.id != token.login_id:
        raise Refusal(Kind.UNAUTHENTICATED, "access.revoked")
    client = await client_of(service, state, login, scope=scope)
    return Caller(
        organisation_id=client.organisation_id,
        account_holder=client.account_holder,
        client_id=client.id,
        key_id=login.id,
        scopes=client.limits.scopes,
    )


async def client_of(service: App, state: State, login: Login, *, scope: Any) -> Client:
    """Returns the client of a login, if it may use the wire from where the request comes.

    Raises: as `wire_caller`.
    """
    known = one_of(KnownClients, state, KnownClients)
    client = await known.find(service.db, login.client_id, now=service.clock())
    if client is None or not client.is_active:
        raise Refusal(Kind.UNAUTHENTICATED, "access.revoked")
    check_address(client, scope)
    if client.signs_requests:
        raise Refusal(Kind.FORBIDDEN, "wire.signed_requests")
    return client


def _token(scope: Any, said: Said) -> str:
    """The token of the header `Authorization`, else of a field of the body."""
    scheme, _, token = header(scope, b"authorization").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    for name in TOKEN_FIELDS:
        if said.text(name):
            return said.text(name)
    raise Refusal(Kind.UNAUTHENTICATED, "access.no_token")
