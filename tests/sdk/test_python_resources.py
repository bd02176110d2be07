"""What each method of the Python SDK sends."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from meterai_sdk import Meterai
from tests.sdk.partner_server import Answer, PartnerServer, partner_server


@pytest.fixture(scope="module")
def server() -> Iterator[PartnerServer]:
    with partner_server() as running:
        yield running


@pytest.fixture(scope="module")
def client(server: PartnerServer) -> Iterator[Meterai]:
    key = server.key.as_dict(private=True)
    with Meterai(server.url, client_id="cli_1", key_id="key_1", key=key, sleep=lambda _: None) as made:
        yield made


ORDER = {"receiver_id": "org_2", "pieces": 5, "paid_by": "credit"}
HOOK = {"url": "https://mitra.contoh/m", "types": [], "description": "", "scheme": "hmac"}
SINCE = datetime(2026, 11, 2, tzinfo=UTC)
ADDED = {"name": "Cabang", "code": "cabang", "role": "sub_account", "npwp": None}
SENT: dict[str, tuple[Callable[[Meterai], Any], str, Any]] = {
    "quota": (lambda m: m.quota.read(), "GET /api/v1/quota", None),
    "quota below": (lambda m: m.quota.read("org_2"), "GET /api/v1/organisations/org_2/quota", None),
    "alert": (lambda m: m.quota.alert(), "GET /api/v1/quota/alert", None),
    "change alert": (lambda m: m.quota.change_alert(9), "PUT /api/v1/quota/alert", {"pieces": 9}),
    "block": (lambda m: m.quota.read_block("blk_1"), "GET /api/v1/blocks/blk_1", None),
    "pass": (lambda m: m.quota.pass_stamps("org_2", 5, paid_by="credit"), "POST /api/v1/blocks", ORDER),
    "return": (
        lambda m: m.quota.return_stamps("blk_1", 2), "POST /api/v1/blocks/blk_1/returns", {"pieces": 2},
    ),
    "return serials": (
        lambda m: m.quota.return_serials(["AB-1"]),
        "POST /api/v1/organisation/serials/returns",
        {"serials": ["AB-1"]},
    ),
    "own": (lambda m: m.organisations.own(), "GET /api/v1/organisation", None),
    "organisation": (lambda m: m.organisations.read("org_2"), "GET /api/v1/organisations/org_2", None),
    "add": (
        lambda m: m.organisations.add("Cabang", code="cabang", role="sub_account"),
        "POST /api/v1/organisations",
        ADDED,
    ),
    "change organisation": (
        lambda m: m.organisations.change("org_2", state="closed"),
        "PATCH /api/v1/organisations/org_2",
        {"state": "closed"},
    ),
    "agree": (
        lambda m: m.organisations.agree("org_2", {"unit_price": 10_000, "credit_limit": 500_000}),
        "POST /api/v1/organisations/org_2/agreements",
        {"unit_price": 10_000, "credit_limit": 500_000},
    ),
    "serial": (lambda m: m.stamps.serial("AB-1"), "GET /api/v1/organisation/serials/AB-1", None),
    "event": (lambda m: m.events.read("evt_1"), "GET /api/v1/events/evt_1", None),
    "webhook": (lambda m: m.webhooks.read("whk_1"), "GET /api/v1/webhooks/whk_1", None),
    "add webhook": (lambda m: m.webhooks.add("https://mitra.contoh/m"), "POST /api/v1/webhooks", HOOK),
    "change": (
        lambda m: m.webhooks.change("whk_1", state="disabled", types=["quota.low"]),
        "PATCH /api/v1/webhooks/whk_1",
        {"state": "disabled", "types": ["quota.low"]},
    ),
    "rotate": (
        lambda m: m.webhooks.rotate_secret("whk_1", overlap_hours=1),
        "POST /api/v1/webhooks/whk_1/secrets",
        {"overlap_hours": 1},
    ),
    "test": (lambda m: m.webhooks.test("whk_1"), "POST /api/v1/webhooks/whk_1/tests", None),
    "replay": (lambda m: m.webhooks.replay("whk_1"), "POST /api/v1/webhooks/whk_1/replays", {}),
    "replay since": (
        lambda m: m.webhooks.replay("whk_1", deliveries=["dlv_1"], states=["delivered"], since=SINCE),
        "POST /api/v1/webhooks/whk_1/replays",
        {"deliveries": ["dlv_1"], "states": ["delivered"], "since": "2026-11-02T00:00:00+00:00"},
    ),
    "delivery": (lambda m: m.webhooks.read_delivery("dlv_1"), "GET /api/v1/deliveries/dlv_1", None),
    "ask": (
        lambda m: m.reports.ask("stock", month="2026-11"),
        "POST /api/v1/reports",
        {"kind": "stock", "month": "2026-11"},
    ),
    "clock": (lambda m: m.sandbox.clock(), "GET /api/v1/sandbox/clock", None),
    "real clock": (lambda m: m.sandbox.move_clock(None), "PUT /api/v1/sandbox/clock", {"now": None}),
    "move clock": (
        lambda m: m.sandbox.move_clock(SINCE),
        "PUT /api/v1/sandbox/clock",
        {"now": "2026-11-02T00:00:00+00:00"},
    ),
    "usage": (lambda m: m.usage.read(), "GET /api/v1/usage", None),
    "report": (lambda m: m.reports.read("rpt_1"), "GET /api/v1/reports/rpt_1", None),
}  # fmt: skip


@pytest.mark.parametrize("name", SENT)
def test_a_method_sends_what_the_api_takes(server: PartnerServer, client: Meterai, name: str) -> None:
    call, expected, body = SENT[name]
    server.answers = [Answer(200, {"id": "x_1"})]
    server.requests.clear()
    assert call(client) == {"id": "x_1"}
    (request,) = server.requests
    assert f"{request.method} {request.path}" == expected
    assert (json.loads(request.body) if request.body else None) == body


@pytest.mark.parametrize(
    ("call", "path"),
    [
        (lambda m: m.quota.blocks(), "/api/v1/blocks"),
        (lambda m: m.quota.unstamped_serials(), "/api/v1/organisation/serials"),
        (lambda m: m.organisations.list(), "/api/v1/organisations"),
        (lambda m: m.organisations.agreements("org_2"), "/api/v1/organisations/org_2/agreements"),
        (lambda m: m.events.list(), "/api/v1/events"),
        (lambda m: m.events.later("evt_1"), "/api/v1/events/evt_1/later"),
        (lambda m: m.webhooks.list(), "/api/v1/webhooks"),
        (lambda m: m.webhooks.deliveries("whk_1"), "/api/v1/webhooks/whk_1/deliveries"),
        (lambda m: m.usage.requests(client_id="cli_1"), "/api/v1/requests"),
        (lambda m: m.reports.list(), "/api/v1/reports"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_lists_are_read_to_their_end(
    server: PartnerServer, client: Meterai, call: Callable[[Meterai], Iterator[Any]], path: str
) -> None:
    server.answers = [
        Answer(200, {"data": [1], "next_cursor": "c"}),
        Answer(200, {"data": [2], "next_cursor": None}),
    ]
    server.requests.clear()
    assert list(call(client)) == [1, 2]
    assert [request.path for request in server.requests] == [path, path]


def test_events_are_followed_from_the_last_one(server: PartnerServer, client: Meterai) -> None:
    def page(*ids: str) -> Answer:
        return Answer(200, {"data": [{"id": id} for id in ids], "next_cursor": None})

    server.answers = [page(), page("evt_1", "evt_2"), page(), page("evt_3")]
    server.requests.clear()
    assert [event["id"] for event in islice(client.events.follow(every_s=0), 3)] == [
        "evt_1",
        "evt_2",
        "evt_3",
    ]
    later = "/api/v1/events/evt_2/later"
    assert [request.path for request in server.requests] == ["/api/v1/events", "/api/v1/events", later, later]
    assert next(client.events.follow(after="evt_2"))["id"] == "evt_3"
    assert server.requests[-1].path == later


def test_usage_is_read_by_day(server: PartnerServer, client: Meterai) -> None:
    server.answers = [Answer(200, {"days": []})]
    client.usage.read(first_day=date(2026, 11, 1), last_day=date(2026, 11, 30))
    assert server.requests[-1].query == {"first_day": "2026-11-01", "last_day": "2026-11-30"}


def test_a_webhook_is_removed(server: PartnerServer, client: Meterai) -> None:
    server.answers = [Answer(204)]
    client.webhooks.remove("whk_1")
    assert (server.requests[-1].method, server.requests[-1].path) == ("DELETE", "/api/v1/webhooks/whk_1")


def test_a_report_is_waited_for_and_written(server: PartnerServer, client: Meterai, tmp_path: Path) -> None:
    server.answers = [
        Answer(200, {"id": "rpt_1", "state": "ready"}),
        Answer(200, b"csv"),
        Answer(200, b"xlsx"),
    ]
    asked: Any = {"id": "rpt_1", "state": "waiting"}
    assert client.reports.wait(asked)["state"] == "ready"
    for format in ("csv", "xlsx"):
        written = client.reports.download("rpt_1", tmp_path / format, format=format)
        assert written.read_text() == format
        assert server.requests[-1].path == f"/api/v1/reports/rpt_1/{format}"
    assert client.reports.wait(asked | {"state": "failed"})["state"] == "failed"
