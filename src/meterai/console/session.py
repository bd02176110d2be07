"""Finds the officer of a request by its cookie. Refuses people who are not signed in."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, Final

import msgspec
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException
from litestar.handlers.base import BaseRouteHandler
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult

from meterai.bootstrap import ConsoleApp
from meterai.kernel.refusals import Kind, Refusal
from meterai.operations.officers.passkeys import Place, place_of
from meterai.operations.officers.sessions import Session, find_session

COOKIE: Final = "konsol"


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """The officer who asks."""

    officer: str
    roles: frozenset[str]
    session_id: uuid.UUID
    has_app: bool = False
    has_passkey: bool = False

    def has(self, *roles: str) -> bool:
        """Whether the officer has one of these roles."""
        return not self.roles.isdisjoint(roles)


class Sessions(AbstractAuthenticationMiddleware):
    """Puts the officer into `request.user`. Raises: NotAuthorizedException without a session."""

    async def authenticate_request(
        self, connection: ASGIConnection[Any, Any, Any, Any]
    ) -> AuthenticationResult:
        """Looks the session up."""
        app: ConsoleApp = connection.app.state.service
        token = connection.cookies.get(cookie_name(app))
        is_use = not connection.scope["route_handler"].opt.get("is_no_use")
        found = await find_session(app.db, token, app.clock(), is_use=is_use) if token else None
        if found is None:
            raise NotAuthorizedException
        return AuthenticationResult(user=_signed_in(found), auth=None)


def cookie_name(app: ConsoleApp) -> str:
    """By HTTPS with the prefix that binds it to this host (RFC 6265bis section 4.1.3.2)."""
    return f"__Host-{COOKIE}" if app.is_https else COOKIE


def passkey_place(app: ConsoleApp) -> Place:
    """Where passkeys count: at the console's own address."""
    return place_of(app.settings.console_url)


def give_officer(request: Request[Any, Any, Any]) -> SignedIn:
    """Gives handlers the officer who asks."""
    user: SignedIn = request.user
    return user


def needs(*roles: str) -> Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], None]:
    """Makes a guard: one of these roles is needed. It raises Refusal FORBIDDEN `officer.role_missing`."""

    def guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        user: SignedIn = connection.user
        if not user.has(*roles):
            raise Refusal(Kind.FORBIDDEN, "officer.role_missing", roles=", ".join(roles))

    return guard


def _signed_in(session: Session) -> SignedIn:
    return SignedIn(
        officer=session.officer,
        roles=session.roles,
        session_id=session.id,
        has_app="totp" in session.factors,
        has_passkey="passkey" in session.factors,
    )
