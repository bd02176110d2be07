"""Messages to webhooks: signed, delivered at least once, tried again, and never to inner addresses."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook, WebhookVerificationError

from benchmarks.load.webhooks import measure_in
from meterai.background.visits import Lanes
from meterai.customers.organisations import SELLER
from meterai.partners.webhooks.retries import DELAYS_S
from meterai.partners.webhooks.signing import receivers_key
from tests.partners.webhook_setup import WebhookSetup, webhook_setup
from tests.players.webhook_receiver import Receiver, running_receiver
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with running_receiver() as running:
        yield running


@pytest_asyncio.fixture
async def setup(database: TestDatabase) -> AsyncIterator[WebhookSetup]:
    async with webhook_setup(database) as made:
        yield made


async def test_a_message_is_thin_signed_and_checked_by_the_library(
    setup: WebhookSetup, receiver: Receiver
) -> None:
    webhook, secret = await setup.add_webhook(receiver.base + "/ok")
    await setup.note(available=7)
    await setup.deliver()
    (got,) = receiver.at("/ok")
    told = Webhook(secret).verify(got.body, got.headers)
    assert told["type"] == "quota.low"
    assert told["data"] == {"id": told["data"]["id"], "available": 7}
    assert told["data"]["id"].startswith("org_")
    assert got.headers["webhook-id"] == told["id"]
    assert told["id"].startswith("evt_")
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(got.body.replace(b"7", b"8"), got.headers)
    assert await setup.log(webhook) == [("delivered", 1, 204, None)]


async def test_an_ed25519_signature_is_checked_with_the_public_key(
    setup: WebhookSetup, receiver: Receiver
) -> None:
    _, secret = await setup.add_webhook(receiver.base + "/ok", scheme="ed25519")
    await setup.note()
    await setup.deliver()
    (got,) = receiver.at("/ok")
    public = receivers_key(secret)
    assert public.startswith("whpk_")
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public.removeprefix("whpk_")))
    version, _, signature = got.headers["webhook-signature"].partition(",")
    signed = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
    key.verify(base64.b64decode(signature), signed)
    assert version == "v1a"
    with pytest.raises(InvalidSignature):
        key.verify(base64.b64decode(signature), signed + b" ")


async def test_a_failed_message_comes_again_for_three_days_with_the_same_id(
    setup: WebhookSetup, receiver: Receiver
) -> None:
    webhook, _ = await setup.add_webhook(receiver.base + "/500")
    began = setup.now
    await setup.note()
    await setup.deliver()
    for delay in DELAYS_S:
        before = len(receiver.got)
        await setup.deliver(later_s=delay - 1)
        assert len(receiver.got) == before, "it comes too early"
        await setup.deliver(later_s=delay * 0.1 + 1)
        assert len(receiver.got) == before + 1
    assert timedelta(days=2.9) < setup.now - began < timedelta(days=3.4)
    await setup.deliver(later_s=86_400)
    assert len(receiver.got) == len(DELAYS_S) + 1, "it was given up"
    assert {got.headers["webhook-id"] for got in receiver.got} == {receiver.got[0].headers["webhook-id"]}
    assert len({got.headers["webhook-timestamp"] for got in receiver.got}) == len(receiver.got)
    assert {row[0] for row in await setup.log(webhook)} == {"failed"}


@pytest.mark.parametrize(
    ("path", "status", "trouble"),
    [
        ("/hang", None, "timed_out"),
        ("/drip", None, "timed_out"),
        ("/heads", None, "broken_answer"),
        ("/cut", None, "broken_answer"),
        ("/away", 302, None),
        ("/404", 404, None),
    ],
)
async def test_a_bad_receiver_is_tried_again_and_taken_when_it_is_well(
    setup: WebhookSetup, receiver: Receiver, path: str, status: int | None, trouble: str | None
) -> None:
    receiver.redirect_to = receiver.base + "/ok"
    webhook, _ = await setup.add_webhook(receiver.base + path)
    await setup.note()
    await setup.deliver()
    assert await setup.log(webhook) == [("waiting", 1, status, trouble)]
    assert receiver.at("/ok") == [], "a redirect is not followed"
    receiver.now_ok.add(path)
    await setup.deliver(later_s=6)
    assert [row[:3] for row in await setup.log(webhook)] == [("delivered", 1, status), ("delivered", 2, 204)]


async def test_the_sandbox_loses_the_first_message_of_a_stamp(
    setup: WebhookSetup, receiver: Receiver
) -> None:
    webhook, _ = await setup.add_webhook(f"{receiver.base}/ok")
    await setup.note(scenario="webhook-lost")
    await setup.deliver()
    assert (await setup.log(webhook), receiver.got) == ([("waiting", 1, None, "lost")], [])
    await setup.deliver(later_s=10)
    assert len(receiver.got) == 1
    assert [entry[0] for entry in await setup.log(webhook)] == ["delivered", "delivered"]


async def test_the_body_of_an_answer_is_not_read(setup: WebhookSetup, receiver: Receiver) -> None:
    webhook, _ = await setup.add_webhook(receiver.base + "/flood")
    await setup.note()
    await setup.deliver()
    assert await setup.log(webhook) == [("delivered", 1, 200, None)]
    assert receiver.sent < 16 << 20


async def test_a_receiver_that_asks_for_a_pause_gets_it(setup: WebhookSetup, receiver: Receiver) -> None:
    await setup.add_webhook(receiver.base + "/slow")
    await setup.note()
    await setup.deliver()
    await setup.note()
    await setup.deliver(later_s=590)
    assert len(receiver.got) == 1
    await setup.deliver(later_s=11)
    assert len(receiver.got) == 2


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "localhost", "127.1", "2130706433"]
)
async def test_no_message_goes_to_an_inner_address(
    database: TestDatabase, receiver: Receiver, host: str
) -> None:
    async with webhook_setup(database, loopback_is_outer=False) as setup:
        port = receiver.base.rpartition(":")[2]
        webhook, _ = await setup.add_webhook(f"http://{host}:{port}/ok")
        await setup.note()
        await setup.deliver()
        assert receiver.got == []
        ((_, _, status, trouble),) = await setup.log(webhook)
        assert (status, trouble) in ((None, "inner_address"), (None, "broken_answer"))


async def test_a_name_that_changes_what_it_points_to_leads_nowhere_inside(
    database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: an outer address for whoever looks first, an inner one afterwards.

    127.0.0.2 plays an address of the internet, so that the message can arrive.
    """
    asked: list[str] = []

    def look_up(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        address = "127.0.0.2" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr("meterai.kit.http.outer_addresses.is_outer", lambda address: address == "127.0.0.2")
    async with running_receiver("127.0.0.2") as outer:
        port = outer.base.rpartition(":")[2]
        async with (
            running_receiver("127.0.0.1", int(port)) as inner,
            webhook_setup(database, loopback_is_outer=False) as setup,
        ):
            webhook, _ = await setup.add_webhook(f"http://rebinding.test:{port}/cut")
            await setup.note()
            await setup.deliver()
            assert (len(asked), len(outer.got)) == (1, 1), "the name is resolved once for each connection"
            await asyncio.sleep(0.1)
            setup.sender._session._connector.clear_dns_cache()  # type: ignore[union-attr]
            await setup.deliver(later_s=6)
            assert len(asked) == 2
            assert inner.got == []
            assert [row[3] for row in await setup.log(webhook)] == ["broken_answer", "inner_address"]


async def test_a_webhook_that_is_gone_is_disabled_and_its_owners_hear_of_it(
    setup: WebhookSetup, receiver: Receiver
) -> None:
    webhook, _ = await setup.add_webhook(receiver.base + "/410")
    other, _ = await setup.add_webhook(receiver.base + "/ok")
    await add_owner(setup, "sri@contoh.id")
    await setup.note(3)
    await setup.deliver()
    assert len(receiver.at("/410")) == 1
    states = await setup.database.owner.fetch(
        "SELECT state, count(*) FROM partners.delivery WHERE webhook_id = $1 GROUP BY 1 ORDER BY 1", webhook
    )
    assert [tuple(row) for row in states] == [("failed", 1), ("stopped", 2)]
    (message,) = await messages(setup)
    assert message["to"] == "sri@contoh.id"
    assert "127.0.0.1" in message["text"]
    assert "410" in message["text"]
    told = [json.loads(got.body) for got in receiver.at("/ok")]
    assert told[-1]["type"] == "webhook.disabled"
    assert told[-1]["data"]["because"] == "gone"
    await setup.note()
    await setup.deliver(later_s=1)
    assert len(receiver.at("/410")) == 1, "it gets nothing more"
    assert other


async def test_a_webhook_that_takes_nothing_for_days_is_disabled_with_a_message(
    setup: WebhookSetup, receiver: Receiver
) -> None:
    webhook, _ = await setup.add_webhook(receiver.base + "/cut")
    await add_owner(setup, "sri@contoh.id")
    for _ in range(5):
        await setup.note()
        await setup.deliver(later_s=86_399)
    assert await messages(setup) == []
    await setup.deliver(later_s=86_500)
    (message,) = await messages(setup)
    assert "lima hari" in message["text"]
    state = await setup.database.owner.fetchrow(
        "SELECT state, disabled_because FROM partners.webhook WHERE id = $1", webhook
    )
    assert tuple(state or ()) == ("disabled", "failing")


async def test_a_receiver_that_hangs_gets_one_request_at_a_time(
    setup: WebhookSetup, receiver: Receiver
) -> None:
    webhook, _ = await setup.add_webhook(receiver.base + "/hang")
    await setup.note(20)
    await setup.deliver()
    assert len(receiver.got) == 1
    await setup.deliver(later_s=6)
    assert len(receiver.got) == 2, "it has a pause, then it is asked again"
    assert len(await setup.log(webhook)) == 2


async def test_webhooks_that_hang_do_not_hold_up_the_others(
    database: TestDatabase, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small run of `python -m benchmarks webhooks`; more webhooks hang than have a place at once."""
    monkeypatch.setattr("meterai.background.webhook_visits.LANES", Lanes(quick=6, slow=256, all=1_024))
    monkeypatch.setattr("meterai.background.visits.SLOW_AFTER_SECONDS", 0.3)
    result = await measure_in(database, receiver, webhooks=40, hanging=10, rate=200, seconds=1)
    assert (result["delivered"], result["faults"]) == (result["expected"], 0)
    assert result["p99_s"] < 2
    assert 10 <= result["requests_that_hang"] <= 20


async def test_a_message_that_was_under_way_when_the_worker_was_killed_comes_again(
    setup: WebhookSetup, receiver: Receiver
) -> None:
    await setup.add_webhook(receiver.base + "/ok")
    await setup.note()
    async with setup.database.worker.connection() as connection:
        from meterai.partners.webhooks import store

        (lost,) = await store.claim(
            connection, setup.now, lease_until=setup.now + timedelta(seconds=60), steady=9, doubtful=9
        )
    assert len(lost.due) == 1
    await setup.deliver(later_s=59)
    assert receiver.got == [], "it is leased"
    await setup.deliver(later_s=1)
    assert len(receiver.got) == 1


async def test_a_worker_that_ends_gives_its_webhooks_back(setup: WebhookSetup, receiver: Receiver) -> None:
    await setup.add_webhook(receiver.base + "/ok")
    await setup.note()
    await setup.visits.turn()
    await setup.visits.close()
    await setup.deliver()
    assert len(receiver.got) == 1


async def add_owner(setup: WebhookSetup, address: str) -> None:
    owner = setup.database.owner
    customer = await owner.fetchval(
        """INSERT INTO customers.customer (id, organisation_id, language, created_at)
           VALUES (gen_random_uuid(), $1, 'id', now()) RETURNING id""",
        SELLER,
    )
    await owner.execute(
        "INSERT INTO customers.contact VALUES (gen_random_uuid(), $1, 'email', $2, now())", customer, address
    )
    await owner.execute(
        "INSERT INTO partners.member VALUES ($1, $2, 'owner', now())", setup.partner, customer
    )


async def messages(setup: WebhookSetup) -> list[dict[str, Any]]:
    rows = await setup.database.owner.fetch(
        "DELETE FROM jobs.outbox WHERE topic = 'message.email' RETURNING payload"
    )
    return [json.loads(row["payload"]) for row in rows]
