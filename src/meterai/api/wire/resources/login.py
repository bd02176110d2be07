"""The login: a user name and a password give a token for a day."""

from __future__ import annotations

import time
from typing import Any, Final

from meterai.api.wire.answers import done
from meterai.api.wire.endpoints import WireRequest, endpoint
from meterai.api.wire.resources.balance import place_id
from meterai.api.wire.session import client_of, make_wire_token
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.network_limits import Answer, NetworkLimits
from meterai.partners.logins.model import Login
from meterai.partners.logins.queries import check_login

COLLECTS: Final = "PEMUNGUT"
"""How clients find the entry whose balance they ask for."""
_FAILED: Final = NetworkLimits(burst=30, per_second=1 / 10, hard_factor=1)
"""Failed logins of one network in a process."""
_LIMITS: Final = NetworkLimits(burst=300, per_second=5, hard_factor=1)
"""Logins of one network in a process. A client needs one in a quarter of an hour."""


@endpoint("backend", "POST", "/api/users/login", scope=None)
async def log_in(asked: WireRequest) -> dict[str, Any]:
    """Gives a token for 24 hours."""
    asked.said.needed("user", "password")
    service, now = asked.service, asked.service.clock()
    address = asked.scope["client"][0] if asked.scope["client"] else ""
    failed = _FAILED.look(address, time.monotonic())
    if failed is not Answer.WELCOME or _LIMITS.take(address, time.monotonic()) is not Answer.WELCOME:
        raise Refusal(Kind.BUSY, "wire.login_later", retry_after_s=60)
    login = await check_login(service.db, asked.said.text("user"), asked.said.text("password"), now)
    if login is None:
        _FAILED.take(address, time.monotonic())
        raise Refusal(Kind.UNAUTHENTICATED, "wire.login_wrong")
    await client_of(service, asked.state, login, scope=asked.scope)
    token = make_wire_token(service.secret, login, issuer=service.public_url, now=now)
    return done({"data": {"login": {"token": token, "user": _user(login)}}}, token=token)


def _user(login: Login) -> dict[str, Any]:
    place = {"id": place_id(login.organisation_id), "description": COLLECTS}
    return {
        "id": str(login.id),
        "email": login.user,
        "firstName": login.name,
        "userdetails": [{"locationother": [place]}],
    }


ENDPOINTS = (log_in,)
