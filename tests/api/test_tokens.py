"""Tokens: who gets one, and what stops counting when."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from joserfc.jwk import ECKey, OKPKey
from litestar import get

from meterai.api.access.caller import Caller
from meterai.api.access.known_clients import LOOK_S
from meterai.api.access.token_endpoint import give_token, read_metadata
from meterai.api.conventions.operations import operation
from meterai.api.conventions.problems import problem_response
from meterai.api.conventions.router import api_router
from meterai.kernel.refusals import Refusal
from meterai.kernel.typed_ids import Prefix, write_id
from meterai.ledger.model import ISSUER as THE_ISSUER
from meterai.partners.clients.model import KEYS_MAX, Limits
from meterai.partners.clients.public_keys import read_public_key
from meterai.partners.model import Organisation, OrganisationRole, OrganisationState
from meterai.partners.use_cases.add_client_key import add_client_key
from meterai.partners.use_cases.add_organisation import set_state
from meterai.partners.use_cases.change_client import change_client
from meterai.partners.use_cases.end_client_key import end_client_key
from meterai.partners.use_cases.revoke_client import revoke_client
from meterai.web.site import build_site
from tests.api.partner import Partner, code_of, json_of
from tests.api.programs import ISSUER, TOKEN, Program, new_key, public_half, registered, rsa_key
from tests.partners.organisations import organisation
from tests.web.asking import ask
from tests.web.running_site import OFFER, RunningSite

ME = "/api/v1/me"
FORM = "application/x-www-form-urlencoded"
NO_CLIENT, NO_KEY = "cli_00000000000000000000000000", "key_00000000000000000000000000"


@get(ME, opt=operation(scope="quota:read"))
async def read_me(caller: Caller) -> dict[str, str]:
    """Answers with who calls."""
    return {"organisation": write_id(Prefix.ORGANISATION, caller.organisation_id)}


def site_of(running: RunningSite) -> Any:
    """Another process of the site, with an operation that only needs a token."""
    return build_site(
        running.app,
        offer=OFFER,
        more_routes=[api_router([give_token, read_metadata, read_me])],
        problem=problem_response,
    )


async def firm_of(running: RunningSite, code: str = "firma") -> Organisation:
    db, now = running.line.database.app, running.line.now
    return await organisation(db, code, OrganisationRole.DISTRIBUTOR, below=THE_ISSUER, now=now)


async def program_of(running: RunningSite, **more: Any) -> Program:
    program = await registered(running, (await firm_of(running)).id, **more)
    program.site = site_of(running)
    return program


async def test_a_client_gets_a_token_for_its_assertion_and_calls_with_it(running: RunningSite) -> None:
    program = await program_of(running)
    answer = await program.ask()
    granted = json_of(answer)
    assert (answer.status, granted["token_type"], granted["expires_in"]) == (200, "Bearer", 900)
    assert answer.headers["cache-control"] == "no-store"
    assert "stamps:write" in granted["scope"].split()
    me = await Partner(program.site, granted["access_token"]).get(ME)
    assert me.status == 200
    assert json_of(me)["organisation"].startswith("org_")
    described = json_of(await ask(program.site, "/.well-known/oauth-authorization-server"))
    assert described["token_endpoint"] == ISSUER + TOKEN
    assert "private_key_jwt" in described["token_endpoint_auth_methods_supported"]


async def test_each_kind_of_key_signs_and_no_other_algorithm_does(running: RunningSite) -> None:
    firm, site = await firm_of(running), site_of(running)
    keys = (OKPKey.generate_key("Ed25519"), ("EdDSA", "Ed25519")), (rsa_key(), ("PS256", "RS256"))
    for key, algorithms in keys:
        program = await registered(running, firm.id, key=key)
        program.site = site
        for algorithm in algorithms:
            assert (await program.ask(program.assertion(algorithm=algorithm))).status == 200
    assert code_of(await program.ask(program.assertion(algorithm="PS512")))[1] == "token.client_unknown"


async def test_bad_requests_for_tokens_are_problems_that_oauth_libraries_understand(
    running: RunningSite,
) -> None:
    program = await program_of(running, scopes=["quota:read"])
    now = int(program.now.timestamp())
    other = Program(running, program.uuid, program.key_uuid, new_key())
    cut = program.assertion()[:-9]
    unsigned = "eyJhbGciOiJub25lIn0." + program.assertion().split(".")[1] + "."
    for assertion, form, code, error in (
        (None, {"grant_type": None}, "token.form", "invalid_request"),
        (None, {"grant_type": "password"}, "token.grant", "unsupported_grant_type"),
        (None, {"client_assertion_type": "x"}, "token.form", "invalid_request"),
        (None, {"client_assertion": None}, "token.form", "invalid_request"),
        (None, {"scope": "quota:read stamps:write"}, "token.scope", "invalid_scope"),
        (None, {"client_id": NO_CLIENT}, "token.client_unknown", "invalid_client"),
        (other.assertion(), {}, "token.client_unknown", "invalid_client"),
        (cut, {}, "token.client_unknown", "invalid_client"),
        (unsigned, {}, "token.client_unknown", "invalid_client"),
        ("x" * 5_000, {}, "token.client_unknown", "invalid_client"),
        ("a.b\u00e9.c", {}, "token.client_unknown", "invalid_client"),
        (
            program.assertion(kid=NO_KEY),
            {},
            "token.client_unknown",
            "invalid_client",
        ),
        (
            program.assertion(sub=NO_CLIENT),
            {},
            "token.client_unknown",
            "invalid_client",
        ),
        (program.assertion(iss="x"), {}, "token.assertion_claim", "invalid_client"),
        (program.assertion(aud="https://lain.contoh"), {}, "token.assertion_claim", "invalid_client"),
        (program.assertion(jti=None), {}, "token.assertion_claim", "invalid_client"),
        (program.assertion(jti="x" * 201), {}, "token.assertion_claim", "invalid_client"),
        (program.assertion(exp="soon"), {}, "token.assertion_claim", "invalid_client"),
        (program.assertion(iat=now + 300), {}, "token.assertion_claim", "invalid_client"),
        (program.assertion(exp=now - 31), {}, "token.assertion_ended", "invalid_client"),
        (program.assertion(exp=now + 400), {}, "token.assertion_long", "invalid_client"),
    ):
        answer = await program.ask(assertion, **form)
        problem = json_of(answer)
        assert (code_of(answer)[1], problem["error"]) == (code, error)
        assert answer.status == (401 if error == "invalid_client" else 400)
    for kind, body in (("application/json", b"{}"), (FORM, b"grant_type=a&grant_type=b")):
        answer = await ask(program.site, TOKEN, method="POST", headers={"content-type": kind}, body=body)
        assert code_of(answer) == (400, "token.form")
    big = await ask(
        program.site, TOKEN, method="POST", headers={"content-type": FORM},
        body=b"x" * (1 << 20),
    )  # fmt: skip
    assert big.status == 413


async def test_an_assertion_gets_one_token_also_from_two_processes(running: RunningSite) -> None:
    program = await program_of(running)
    assertion = program.assertion()
    assert (await program.ask(assertion)).status == 200
    program.site = site_of(running)
    assert code_of(await program.ask(assertion)) == (401, "token.assertion_used")


async def test_a_token_ends_after_fifteen_minutes_and_a_changed_one_is_refused(running: RunningSite) -> None:
    program = await program_of(running)
    partner = await program.partner()
    head, body, tag = partner.token.split(".")
    for token, code in (
        ("", "access.no_token"),
        (f"{head}.{body}.{tag[::-1]}", "access.token_wrong"),
        (program.assertion(), "access.token_wrong"),
        ("x", "access.token_wrong"),
    ):
        answer = await Partner(program.site, token).get(ME)
        assert code_of(answer) == (401, code)
        assert answer.headers["www-authenticate"].startswith("Bearer")
    running.line.now += timedelta(minutes=14, seconds=59)
    assert (await partner.get(ME)).status == 200
    running.line.now += timedelta(seconds=1)
    assert code_of(await partner.get(ME)) == (401, "access.token_ended")


async def test_a_token_has_the_scopes_that_were_asked_for_and_loses_what_its_client_loses(
    running: RunningSite,
) -> None:
    program = await program_of(running, scopes=["quota:read", "stamps:read"])
    assert code_of(await (await program.partner("stamps:read")).get(ME)) == (403, "access.scope")
    partner = await program.partner()
    assert (await partner.get(ME)).status == 200
    less = Limits(scopes=frozenset(["stamps:read"]))
    await change_client(running.line.database.operator, program.uuid, less, actor="ani", now=program.now)
    running.line.now += timedelta(seconds=LOOK_S)
    assert code_of(await partner.get(ME)) == (403, "access.scope")


async def test_what_is_revoked_is_refused_by_every_process_within_five_seconds(running: RunningSite) -> None:
    """The client, a key, or the organisation or one above it."""
    firm = await firm_of(running)
    shop = await organisation(
        running.line.database.app, "toko", OrganisationRole.RETAILER, below=firm.id, now=running.line.now
    )
    processes = [site_of(running), site_of(running)]
    db = running.line.database.operator
    programs = [await registered(running, shop.id) for _ in range(3)]
    tokens = []
    for program in programs:
        program.site = processes[0]
        tokens.append(await program.token())

    async def answers() -> list[int]:
        return [(await Partner(site, token).get(ME)).status for token in tokens for site in processes]

    assert await answers() == [200] * 6
    now = running.line.now
    await revoke_client(db, programs[0].uuid, reason="uji", actor="ani", now=now)
    await end_client_key(db, programs[1].key_uuid, at=now, reason="uji", actor="ani", now=now)
    running.line.now += timedelta(seconds=5)
    assert await answers() == [401, 401, 401, 401, 200, 200]
    for program in programs[:2]:
        assert code_of(await program.ask()) == (401, "token.client_unknown")
    await set_state(
        running.line.database.app, firm.id, OrganisationState.SUSPENDED, now=now, reason="uji", actor="ani"
    )
    running.line.now += timedelta(seconds=5)
    assert await answers() == [401] * 6
    assert code_of(await Partner(processes[1], tokens[2]).get(ME)) == (401, "access.revoked")


async def test_two_keys_count_side_by_side_until_the_older_one_ends(running: RunningSite) -> None:
    program, db = await program_of(running), running.line.database.operator
    second = new_key()
    key_id = await add_client_key(
        db, program.uuid, read_public_key(public_half(second)), actor="ani", now=program.now
    )
    newer = Program(running, program.uuid, key_id, second)
    newer.site = program.site
    old_token, new_token = await program.token(), await newer.token()
    assert (await newer.ask(newer.assertion(kid=second.thumbprint()))).status == 200
    assert (await newer.ask(newer.assertion(kid=""))).status == 200
    ends = program.now + timedelta(minutes=2)
    await end_client_key(db, program.key_uuid, at=ends, reason="uji", actor="ani", now=program.now)
    running.line.now += timedelta(seconds=90)
    assert [(await Partner(program.site, one).get(ME)).status for one in (old_token, new_token)] == [200, 200]
    running.line.now += timedelta(seconds=30)
    assert [(await Partner(program.site, one).get(ME)).status for one in (old_token, new_token)] == [401, 200]
    assert code_of(await program.ask()) == (401, "token.client_unknown")
    for _ in range(KEYS_MAX - 1):
        key = read_public_key(public_half(new_key()))
        await add_client_key(db, program.uuid, key, actor="ani", now=program.now)
    for key, code in ((new_key(), "client.keys_many"), (second, "client.key_known")):
        if code == "client.key_known":
            await end_client_key(db, key_id, at=program.now, reason="uji", actor="ani", now=program.now)
        with pytest.raises(Refusal, match=code):
            await add_client_key(
                db, program.uuid, read_public_key(public_half(key)), actor="ani", now=program.now
            )


async def test_a_client_with_a_list_of_addresses_calls_from_nowhere_else(running: RunningSite) -> None:
    program = await program_of(running, networks=("192.0.2.0/24", "2001:db8::/32"))
    token = await program.token()
    for address, status in (
        ("192.0.2.200", 200),
        ("::ffff:192.0.2.9", 200),
        ("2001:db8::7", 200),
        ("192.0.3.1", 403),
        ("", 403),
    ):
        headers = {"authorization": f"Bearer {token}"}
        answer = await ask(program.site, ME, headers=headers, client=address)
        assert answer.status == status, address
    program.address = "198.51.100.1"
    assert code_of(await program.ask()) == (403, "access.address")


async def test_a_database_that_is_down_lets_nobody_in(running: RunningSite) -> None:
    """A revocation can't be seen then."""
    program = await program_of(running)
    partner = await program.partner()
    running.db.is_down = True
    assert (await partner.get(ME)).status == 503


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"nothing", "client.key_unreadable"),
        (b'{"kty":"RSA","n":"AQAB","e":"AQAB"}', "client.key_unreadable"),
        (ECKey.generate_key("P-384").as_pem(private=False), "client.key_kind"),
        (OKPKey.generate_key("X25519").as_pem(private=False), "client.key_kind"),
        (b'{"kty":"oct","k":"c2VjcmV0"}', "client.key_private"),
        (b'{"kty":"EC"}', "client.key_unreadable"),
        (b"x" * 20_000, "client.key_unreadable"),
    ],
)
def test_what_is_no_good_public_key_is_refused(raw: bytes, code: str) -> None:
    with pytest.raises(Refusal, match=code):
        read_public_key(raw)


def test_a_private_key_is_refused_and_a_public_one_reads_the_same_in_both_forms() -> None:

    key = new_key()
    for raw in (key.as_pem(private=True), json.dumps(key.as_dict(private=True)).encode()):
        with pytest.raises(Refusal, match=r"client\.key_private"):
            read_public_key(raw)
    jwk = json.dumps(key.as_dict(private=False)).encode()
    assert read_public_key(public_half(key)).thumbprint() == read_public_key(jwk).thumbprint()
