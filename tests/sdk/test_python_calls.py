"""The Python SDK calls as the conventions of the API want it, also when the network and the server fail."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from meterai_sdk import Conflict, Invalid, Meterai, NotAllowed, NotFound, ServerFault, TooMany, Unreachable
from tests.sdk.partner_server import Answer, PartnerServer, partner_server

LOST = Answer(0)
BROKEN = Answer(202, b"{", {"Content-Length": "99", "Connection": "close"})
DONE = Answer(202, {"id": "stm_1"})


@pytest.fixture(scope="module")
def listening() -> Iterator[PartnerServer]:
    with partner_server() as running:
        yield running


@pytest.fixture
def server(listening: PartnerServer) -> PartnerServer:
    listening.answers, listening.requests, listening.tokens = [DONE], [], []
    listening.token_lives_s = 900
    return listening


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def client(server: PartnerServer, slept: list[float]) -> Iterator[Meterai]:
    key = server.key.as_dict(private=True)
    with Meterai(server.url, client_id="cli_1", key_id="key_1", key=key, sleep=slept.append) as made:
        yield made


def refused(status: int, code: str, **headers: str) -> Answer:
    problem = {"type": f"https://m.contoh/api/problems/{code}", "title": "no", "status": status}
    members = {**problem, "code": code, "detail": "Wait.", "detail_id": "Tunggu.", "help_code": "h-1"}
    return Answer(status, members, {name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(
    "failing",
    [LOST, BROKEN, Answer(502, b"<html>", {}), refused(429, "api.too_many"), refused(409, "api.key_running")],
    ids=["lost answer", "answer that broke off", "proxy", "too many", "still running"],
)
def test_a_post_is_sent_again_with_its_key_and_body(
    server: PartnerServer, client: Meterai, slept: list[float], failing: Answer
) -> None:
    server.answers = [failing, failing, DONE]
    assert client.calls.json("POST", "/api/v1/stamps", body={"document": "doc_1"}) == {"id": "stm_1"}
    assert [request.method for request in server.requests] == ["POST"] * 3
    assert len({request.headers["idempotency-key"] for request in server.requests}) == 1
    assert {request.body for request in server.requests} == {b'{"document":"doc_1"}'}
    assert 0.25 <= slept[0] <= 0.5 <= slept[1] <= 1.0


def test_two_posts_have_two_keys_and_a_key_of_the_caller_is_kept(
    server: PartnerServer, client: Meterai
) -> None:
    for key in (None, None, "order-17"):
        client.calls.send("POST", "/api/v1/stamps", body={}, key=key)
    one, two, three = (request.headers["idempotency-key"] for request in server.requests)
    assert one != two
    assert three == "order-17"
    client.calls.send("GET", "/api/v1/stamps/stm_1")
    assert "idempotency-key" not in server.requests[-1].headers


def test_it_waits_as_long_as_it_is_asked_to_and_not_longer_than_half_a_minute(
    server: PartnerServer, client: Meterai, slept: list[float]
) -> None:
    server.answers = [refused(429, "api.too_many", Retry_After="7"), DONE]
    client.calls.send("GET", "/api/v1/quota")
    assert slept == [7.0]
    server.answers = [refused(429, "access.cap_day", Retry_After="3600")]
    with pytest.raises(TooMany) as caught:
        client.calls.send("POST", "/api/v1/stamps", body={})
    assert caught.value.retry_after_s == 3600
    assert slept == [7.0]


@pytest.mark.parametrize(
    ("status", "kind", "sent"),
    [
        (400, Invalid, 1),
        (403, NotAllowed, 1),
        (404, NotFound, 1),
        (409, Conflict, 1),
        (422, Invalid, 1),
        (500, ServerFault, 6),
    ],
)
def test_a_refusal_is_an_exception_with_its_code(
    server: PartnerServer, client: Meterai, status: int, kind: type[Exception], sent: int
) -> None:
    server.answers = [refused(status, "some.code", Request_Id="req_1")]
    with pytest.raises(kind) as caught:
        client.calls.send("POST", "/api/v1/stamps", body={})
    problem: Any = caught.value
    assert (problem.status, problem.code, problem.detail, problem.detail_id, problem.help_code) == (
        status, "some.code", "Wait.", "Tunggu.", "h-1",
    )  # fmt: skip
    assert problem.request_id == "req_1"
    assert problem.type == "https://m.contoh/api/problems/some.code"
    assert len(server.requests) == sent


def test_without_any_answer_it_says_so(server: PartnerServer, client: Meterai) -> None:
    server.answers = [LOST]
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1"):
        client.calls.send("GET", "/api/v1/quota")
    assert len(server.requests) == 6


def test_a_token_is_bought_once_for_all_threads(server: PartnerServer, client: Meterai) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: client.calls.send("GET", "/api/v1/quota"), range(8)))
    assert {request.headers["authorization"] for request in server.requests} == {"Bearer 1"}
    (claims,) = server.tokens
    assert (claims["iss"], claims["sub"], claims["kid"]) == ("cli_1", "cli_1", "key_1")
    assert claims["aud"] == f"{server.url}/api/v1/token"
    assert 0 < claims["exp"] - time.time() <= 60


def test_a_token_is_renewed_before_it_ends_and_when_it_is_refused(
    server: PartnerServer, client: Meterai
) -> None:
    server.token_lives_s = 30  # less than the minute before its end
    client.calls.send("GET", "/api/v1/quota")
    server.token_lives_s = 900
    server.answers = [DONE, refused(401, "access.revoked"), DONE]
    client.calls.send("GET", "/api/v1/quota")
    client.calls.send("GET", "/api/v1/quota")
    assert [request.headers["authorization"][-1] for request in server.requests] == ["1", "2", "2", "3"]
    assert len({claims["jti"] for claims in server.tokens}) == 3
    server.answers = [refused(401, "access.revoked")]
    with pytest.raises(NotAllowed) as caught:
        client.calls.send("GET", "/api/v1/quota")
    assert caught.value.code == "access.revoked"
    assert len(server.tokens) == 4


def test_a_client_asks_for_the_scopes_that_it_wants(server: PartnerServer) -> None:
    pem = server.key.as_pem(private=True).decode()
    with Meterai(
        server.url, client_id="c", key_id="k", key=pem, scopes=["stamps:read", "quota:read"]
    ) as made:
        made.calls.send("GET", "/api/v1/quota")
    assert server.tokens[0]["scope"] == "stamps:read quota:read"


def test_a_list_is_read_page_by_page(server: PartnerServer, client: Meterai) -> None:
    server.answers = [
        Answer(200, {"data": [1, 2], "next_cursor": "c2"}),
        Answer(200, {"data": [3], "next_cursor": None}),
    ]
    items = client.calls.pages("/api/v1/stamps", state="done", limit=None)
    assert next(items) == 1
    assert len(server.requests) == 1, "pages are asked for when they are needed"
    assert list(items) == [2, 3]
    assert [request.query for request in server.requests] == [
        {"state": "done"}, {"state": "done", "cursor": "c2"},
    ]  # fmt: skip
