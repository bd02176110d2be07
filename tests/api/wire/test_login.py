"""A user name and a password give a token for the wire, and for nothing else."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from meterai.api.access.known_clients import LOOK_S
from meterai.kernel.ids import derived_id
from meterai.kit.http.network_limits import NetworkLimits
from meterai.kit.settings import Settings
from meterai.partners.clients.model import SCOPES, Limits
from meterai.partners.logins.officers_acts import end_login, switch_wire
from meterai.partners.model import Terms
from meterai.partners.use_cases.agree import agree
from meterai.partners.use_cases.change_client import change_client
from tests.api.conftest import running
from tests.api.programs import registered
from tests.api.wire.wire_site import Caller, WireSite, wire
from tests.stamping.conftest import front, jail, pki, shared_tsa
from tests.web.asking import ask

__all__ = ["front", "jail", "pki", "running", "shared_tsa", "wire"]
pytestmark = pytest.mark.storage
LOGIN = "backend/api/users/login"
BALANCE = "backend/function/saldopos"


async def test_a_login_answers_as_clients_read_it(wire: WireSite) -> None:
    login = await wire.login(wire.chain.collector)
    user, password = wire.passwords[wire.chain.collector.id]
    stranger = Caller(wire, "")
    body = {"user": user.upper(), "password": password}
    for told in (
        await stranger.post(LOGIN, body),
        await stranger.post(LOGIN, form=body),
        await stranger.post("backendapi/users/login/", json.dumps(body).encode(), kind="text/plain"),
    ):
        assert (told["statusCode"], told["message"]) == ("00", "success")
        inner = told["result"]["data"]["login"]
        assert inner["token"] == told["token"]
        person = inner["user"]
        assert (person["id"], person["email"], person["firstName"]) == (str(login.id), user, "Program uji")
        (place,) = person["userdetails"][0]["locationother"]
        assert place["description"] == "PEMUNGUT"
        firm = Caller(wire, told["token"])
        assert (await firm.get(f"backend/sale/saldo-scm?idLoc={place['id']}&db=true"))["result"][
            "saldo"
        ] == 50
    head, claims = (json.loads(base64.urlsafe_b64decode(p + "==")) for p in told["token"].split(".")[:2])
    assert (head["alg"], claims["exp"] - claims["iat"]) == ("HS256", 86_400)
    assert {"email", "sub", "aud", "iss", "jti", "iat", "exp"} <= claims.keys()


async def test_failed_logins_say_why_and_a_network_has_few_of_them(
    wire: WireSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = NetworkLimits(burst=4, per_second=0.001, hard_factor=1)
    monkeypatch.setattr("meterai.api.wire.resources.login._FAILED", few)
    await wire.login(wire.chain.enterprise)
    user, password = wire.passwords[wire.chain.enterprise.id]
    stranger = Caller(wire, "")

    async def code(**body: Any) -> str:
        told = await stranger.post(LOGIN, body)
        assert "token" not in told
        assert " / " in told["message"]
        found: str = told["statusCode"]
        return found

    assert await code(user=user) == "96"
    assert await code(user=user, password="salah") == "02"
    assert await code(user="x' OR 1=1", password=password) == "02"
    assert await code(user=[user], password=password) == "96"
    assert await code(user=user, password=password + "\ud800") == "96"
    for _ in range(2):
        assert await code(user="tidak@ada.id", password=password) == "02"
    assert await code(user=user, password=password) == "97", "this network has failed too often"


async def test_a_token_ends_with_what_it_depends_on(wire: WireSite) -> None:
    firm = await wire.of(wire.chain.enterprise)
    running, database = wire.running, wire.setup.database
    clock, operator = running.app.clock, database.operator
    organisation_id, user = wire.chain.enterprise.id, wire.passwords[wire.chain.enterprise.id][0]
    ahead = timedelta()
    running.app.clock = lambda: clock() + ahead

    async def code() -> str:
        nonlocal ahead
        ahead += timedelta(seconds=LOOK_S)
        found: str = (await firm.post(BALANCE))["statusCode"]
        return found

    async def switch(on: bool) -> None:
        await switch_wire(operator, organisation_id, on=on, reason="test", actor="ani", now=clock())

    assert await code() == "00"
    await switch(False)
    assert await code() == "02"
    await switch(True)
    assert await code() == "00"
    ahead = timedelta(hours=24)
    assert await code() == "02"
    ahead = timedelta()
    await agree(operator, organisation_id, Terms(unit_price=10_200, signed_requests=True), now=clock())
    told = await firm.post(BALANCE)
    ahead += timedelta(seconds=LOOK_S)
    told = await firm.post(BALANCE)
    assert (told["statusCode"], "API v1" in told["message"]) == ("01", True)
    await agree(operator, organisation_id, Terms(unit_price=10_200), now=clock())
    assert await code() == "00"
    await end_login(operator, user, reason="test", actor="ani", now=clock())
    assert await code() == "02"


async def test_a_token_of_one_door_opens_no_other(wire: WireSite) -> None:
    firm = await wire.of(wire.chain.enterprise)
    headers = {"authorization": f"Bearer {firm.token}", "host": "situs"}
    assert (await ask(wire.site, "/api/v1/quota", headers=headers)).status == 401
    program = await registered(wire.running, wire.chain.enterprise.id, db=wire.setup.database.operator)
    api = Caller(wire, await program.token())
    assert (await api.post(BALANCE))["statusCode"] == "02"
    for token in ("", "x", firm.token + "x", firm.token.replace(".", "", 1), "é", "A" * 9_000):
        assert (await Caller(wire, token).post(BALANCE))["statusCode"] == "02"
    assert (await Caller(wire, "").get(f"{BALANCE}?token={firm.token}"))["statusCode"] == "00"


async def test_rights_networks_and_rates_are_those_of_the_client_and_requests_are_noted(
    wire: WireSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm, operator, now = (
        await wire.of(wire.chain.enterprise),
        wire.setup.database.operator,
        datetime.now(UTC),
    )
    client_id = derived_id("client", wire.chain.enterprise.id)
    for limits, told in [
        (Limits(scopes=frozenset({"stamps:read"})), "quota:read"),
        (Limits(scopes=frozenset(SCOPES), networks=("203.0.113.0/24",)), ""),
    ]:
        await change_client(operator, client_id, limits, actor="ani", now=now)
        wire.forget()
        refused = await firm.post(BALANCE)
        assert (refused["statusCode"], told in refused["message"]) == ("01", True)
    await change_client(operator, client_id, Limits(scopes=frozenset(SCOPES)), actor="ani", now=now)
    wire.forget()
    monkeypatch.setattr("meterai.api.conventions.rate_limits.time.monotonic", lambda: 1000.0)
    wire.running.app.settings = Settings(api_requests_per_minute=3)
    assert [(await firm.get("backend/api/chanel/stamp/ext?filter=X"))["statusCode"] for _ in range(4)] == [
        "01", "01", "01", "97",
    ]  # fmt: skip
    await wire.note_requests()
    rows = await wire.setup.database.owner.fetch("SELECT * FROM partners.api_request ORDER BY id")
    assert {row["path"] for row in rows} == {
        "/wire/backend/function/saldopos",
        "/wire/backend/api/chanel/stamp/ext",
    }
    assert sorted((row["status"], row["code"]) for row in rows) == [
        (403, "access.scope"), *[(404, "serial.unknown")] * 3, (429, "api.too_many"),
    ]  # fmt: skip
