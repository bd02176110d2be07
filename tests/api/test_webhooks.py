"""Partners keep webhooks over the API, read events and deliveries, and ask for messages again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from standardwebhooks import Webhook

from meterai.background.webhook_visits import WebhookVisits
from meterai.partners.adapters.webhook_sender import WebhookSender
from meterai.partners.webhooks.use_cases.warn_of_low_quota import warn_of_low_quota
from tests.api.partner import Partner, Tokens, caller_of, code_of, json_of
from tests.partners.organisations import make_chain
from tests.partners.webhook_setup import WebhookSetup
from tests.players.webhook_receiver import Receiver, running_receiver
from tests.waiting_room.line import NOON
from tests.web.running_site import RunningSite


class Integration:
    """Two partners with a client each, the receiver of the first, and a worker."""

    def __init__(self, partner: Partner, other: Partner, receiver: Receiver, worker: WebhookSetup) -> None:
        self.partner, self.other, self.receiver, self.worker = partner, other, receiver, worker

    async def add(self, path: str, **more: object) -> tuple[str, str]:
        """Adds a webhook. Returns its address in the API and the key of its receiver."""
        answer = await self.partner.post("/api/v1/webhooks", {"url": self.receiver.base + path, **more})
        assert answer.status == 201, answer.text
        return answer.headers["location"], json_of(answer)["key"]

    async def json(self, address: str) -> Any:
        answer = await self.partner.get(address)
        assert answer.status == 200, answer.text
        return json_of(answer)


@pytest.fixture
async def integration(running: RunningSite, tokens: Tokens) -> AsyncIterator[Integration]:
    database = running.line.database
    chain = await make_chain(database.app, now=NOON)
    sender = WebhookSender(loopback_is_outer=True, total_seconds=0.3)
    async with running_receiver() as receiver:
        worker = WebhookSetup(database, sender)
        worker.now, worker.partner = NOON, chain.enterprise.id
        worker.visits = WebhookVisits(database.worker, sender, lambda: worker.now)
        clients = [tokens.partner(running.site, caller_of(id)) for id in (worker.partner, chain.retailer.id)]
        yield Integration(*clients, receiver, worker)
        await worker.visits.close()
        await sender.close()


async def test_a_test_event_arrives_and_stands_in_the_log(integration: Integration) -> None:
    webhook, key = await integration.add("/ok", types=["stamp.released"], description="gudang")
    asked = await integration.partner.post(f"{webhook}/tests")
    assert asked.status == 202, asked.text
    await integration.worker.deliver()
    (got,) = integration.receiver.got
    told = msgspec.json.decode(got.body)
    signature = Webhook(key).sign(got.headers["webhook-id"], NOON, got.body.decode())
    assert got.headers["webhook-signature"] == signature
    assert (told["type"], told["data"]["id"]) == ("webhook.test", webhook.rpartition("/")[2])
    log = await integration.json(f"/api/v1/deliveries/{json_of(asked)['id']}")
    assert (log["state"], log["event_id"], log["log"][0]["status"]) == ("delivered", told["id"], 204)
    assert (await integration.json(f"/api/v1/events/{told['id']}"))["data"] == told["data"]
    shown = await integration.json(webhook)
    assert (shown["state"], shown["description"]) == ("enabled", "gudang")
    assert key not in str(shown)


async def test_after_a_rotation_both_secrets_count_until_the_overlap_ends(integration: Integration) -> None:
    webhook, old = await integration.add("/ok")
    new = json_of(await integration.partner.post(f"{webhook}/secrets", {"overlap_hours": 1}))["key"]
    await integration.worker.note()
    await integration.worker.deliver()
    await integration.worker.note()
    await integration.worker.deliver(later_s=3_601)
    during, afterwards = [got.headers["webhook-signature"].split() for got in integration.receiver.got]
    signed = [Webhook(key) for key in (new, old)]
    for got, expected in zip(integration.receiver.got, (during, afterwards), strict=True):
        at = NOON if expected is during else NOON + timedelta(seconds=3_601)
        made = [one.sign(got.headers["webhook-id"], at, got.body.decode()) for one in signed]
        assert expected == made[: len(expected)]
    assert (len(during), len(afterwards)) == (2, 1)


async def test_events_are_read_in_order_and_from_where_a_program_stopped(integration: Integration) -> None:
    begun = len((await integration.json("/api/v1/events"))["data"])
    await integration.worker.note(3)
    first = await integration.json(f"/api/v1/events?limit={begun + 1}")
    rest = await integration.json(f"/api/v1/events?cursor={first['next_cursor']}")
    assert len(rest["data"]) == 2
    later = await integration.json(f"/api/v1/events/{first['data'][-1]['id']}/later")
    assert later["data"] == rest["data"]
    assert json_of(await integration.other.get("/api/v1/events"))["data"] == []


async def test_what_failed_or_stopped_is_sent_again_once(integration: Integration) -> None:
    webhook, _ = await integration.add("/410")
    await integration.worker.note(3)
    await integration.worker.deliver()
    shown = await integration.json(webhook)
    assert (shown["state"], shown["disabled_because"]) == ("disabled", "gone")
    refused = await integration.partner.post(f"{webhook}/replays", {})
    assert code_of(refused) == (409, "webhook.disabled")
    changed = await integration.partner.send(
        "PATCH", webhook, body={"url": integration.receiver.base + "/ok", "state": "enabled"}
    )
    assert json_of(changed)["state"] == "enabled"
    for queued in (3, 0):
        assert json_of(await integration.partner.post(f"{webhook}/replays", {}))["queued"] == queued
    await integration.worker.deliver()
    assert len(integration.receiver.at("/ok")) == 3
    deliveries = (await integration.json(f"{webhook}/deliveries"))["data"]
    assert sorted(one["state"] for one in deliveries) == ["delivered"] * 3 + ["failed"] + ["stopped"] * 2


async def test_a_removed_webhook_gets_nothing_more(integration: Integration) -> None:
    webhook, _ = await integration.add("/ok")
    await integration.worker.note()
    assert (await integration.partner.send("DELETE", webhook)).status == 204
    await integration.worker.deliver()
    assert integration.receiver.got == []
    assert code_of(await integration.partner.get(webhook)) == (404, "api.unknown_id")


async def test_low_quota_is_told_once_until_there_is_enough_again(integration: Integration) -> None:
    partner, db, alert = integration.partner, integration.worker.database, "/api/v1/quota/alert"
    assert await integration.json(alert) == {"pieces": 0}
    left = (await integration.json("/api/v1/quota"))["available"]
    told = []
    for pieces in (left, left + 1, left + 1, left, left + 1):
        answer = await partner.send("PUT", alert, body={"pieces": pieces})
        assert (answer.status, json_of(answer)) == (200, {"pieces": pieces})
        told.append(await warn_of_low_quota(db.worker, now=NOON))
    assert told == [0, 1, 0, 0, 1]
    events = (await integration.json("/api/v1/events"))["data"]
    assert [event["type"] for event in events] == ["quota.low"] * 2
    assert events[0]["data"]["available"] == left
    assert (await integration.other.send("PUT", alert, body={"pieces": 9})).status == 200
    assert await integration.json(alert) == {"pieces": left + 1}


async def test_webhooks_of_others_answer_like_unknown_ones(integration: Integration) -> None:
    webhook, _ = await integration.add("/ok")
    asked = json_of(await integration.partner.post(f"{webhook}/tests"))
    delivery = f"/api/v1/deliveries/{asked['id']}"
    other = integration.other
    for address in (webhook, f"{webhook}/deliveries", delivery):
        assert code_of(await other.get(address)) == (404, "api.unknown_id")
    for what in ("tests", "secrets", "replays"):
        body = None if what == "tests" else {}
        assert code_of(await other.post(f"{webhook}/{what}", body)) == (404, "api.unknown_id")
    for method in ("PATCH", "DELETE"):
        body = {} if method == "PATCH" else None
        assert code_of(await other.send(method, webhook, body=body)) == (404, "api.unknown_id")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://contoh.id/x",
        "https://sri@contoh.id/",
        "https://contoh.id/#x",
        "https://contoh.id:22/",
        "https://contoh.id:x/",
        "https:///x",
        "https://contoh.id/\u00e9",
    ],
)
async def test_an_address_that_can_not_be_used_is_refused(integration: Integration, url: str) -> None:
    answer = await integration.partner.post("/api/v1/webhooks", {"url": url})
    assert code_of(answer) == (422, "webhook.url")


async def test_a_partner_has_no_more_than_twenty_webhooks(integration: Integration) -> None:
    for number in range(20):
        await integration.add(f"/ok/{number}")
    answer = await integration.partner.post("/api/v1/webhooks", {"url": integration.receiver.base + "/ok"})
    assert code_of(answer) == (409, "webhook.too_many")
