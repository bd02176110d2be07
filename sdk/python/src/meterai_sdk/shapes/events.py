"""Events, and the webhooks that bring them."""

from __future__ import annotations

from typing import Literal, TypedDict

SignatureScheme = Literal["hmac", "ed25519"]
"""How messages to a webhook are signed: with a secret, or so that its public key checks them."""


class Event(TypedDict):
    """Something that happened. `data` has the id of what it happened to, and few facts: fetch the rest."""

    id: str
    type: str
    timestamp: str
    data: dict[str, object]


class WebhookKey(TypedDict):
    """What you check signatures with: a secret (`whsec_...`) or a public key (`whpk_...`)."""

    webhook_id: str
    key: str


class WebhookSecret(TypedDict):
    """A secret that counts. Only a public key is shown again."""

    made_at: str
    ends_at: str | None
    public_key: str | None


class Webhook(TypedDict):
    """A webhook. `failing_since`: the first request that was not taken, if the last one was not."""

    id: str
    url: str
    types: list[str]
    description: str
    scheme: SignatureScheme
    state: Literal["enabled", "disabled"]
    disabled_because: str | None
    failing_since: str | None
    secrets: list[WebhookSecret]
    created_at: str


class Delivery(TypedDict):
    """A message to a webhook. `stopped`: the webhook was disabled or removed before."""

    id: str
    webhook_id: str
    event_id: str
    type: str
    state: Literal["waiting", "delivered", "failed", "stopped"]
    attempts: int
    is_replay: bool
    next_attempt_at: str | None
    created_at: str
    ended_at: str | None


class DeliveryAttempt(TypedDict):
    """A try to send a message. `trouble`: why there was no answer."""

    number: int
    at: str
    milliseconds: int
    status: int | None
    trouble: str | None


class DeliveryLog(Delivery):
    """A message with its attempts."""

    log: list[DeliveryAttempt]


class Replayed(TypedDict):
    """How many messages are sent again."""

    queued: int
