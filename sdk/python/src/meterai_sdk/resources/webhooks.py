"""Webhooks: addresses to which Meterai sends a message about each event."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Literal

from meterai_sdk.calls import Calls
from meterai_sdk.shapes import Delivery, DeliveryLog, Replayed, SignatureScheme, Webhook, WebhookKey

_PATH = "/api/v1/webhooks"


class Webhooks:
    """Adds, changes and removes webhooks, and reads what was sent to them."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def add(
        self,
        url: str,
        *,
        types: Sequence[str] = (),
        description: str = "",
        scheme: SignatureScheme = "hmac",
        key: str | None = None,
    ) -> WebhookKey:
        """Adds a webhook. `types`: only events of these types; else all. `scheme`: how messages are signed.

        Keep the secret of the answer: it is shown this once.
        """
        order = {"url": url, "types": [*types], "description": description, "scheme": scheme}
        made: WebhookKey = self._calls.json("POST", _PATH, body=order, key=key)
        return made

    def list(self) -> Iterator[Webhook]:
        """Your webhooks, the earliest first."""
        return self._calls.pages(_PATH)

    def read(self, webhook_id: str) -> Webhook:
        """A webhook as it is now."""
        webhook: Webhook = self._calls.json("GET", f"{_PATH}/{webhook_id}")
        return webhook

    def change(
        self,
        webhook_id: str,
        *,
        url: str | None = None,
        types: Sequence[str] | None = None,
        description: str | None = None,
        state: Literal["enabled", "disabled"] | None = None,
    ) -> Webhook:
        """Changes what is given. A webhook that is disabled loses the messages that wait for it."""
        wanted = {"url": url, "types": types, "description": description, "state": state}
        changed: Webhook = self._calls.json("PATCH", f"{_PATH}/{webhook_id}", body=_given(wanted))
        return changed

    def remove(self, webhook_id: str) -> None:
        """Removes a webhook, and the messages that wait for it."""
        self._calls.send("DELETE", f"{_PATH}/{webhook_id}")

    def rotate_secret(
        self, webhook_id: str, *, overlap_hours: int = 24, key: str | None = None
    ) -> WebhookKey:
        """Makes a new secret. For `overlap_hours` messages are signed with the one before, too."""
        order = {"overlap_hours": overlap_hours}
        made: WebhookKey = self._calls.json("POST", f"{_PATH}/{webhook_id}/secrets", body=order, key=key)
        return made

    def test(self, webhook_id: str, *, key: str | None = None) -> Delivery:
        """Sends a test event. Read its delivery to see how it went."""
        delivery: Delivery = self._calls.json("POST", f"{_PATH}/{webhook_id}/tests", key=key)
        return delivery

    def replay(
        self,
        webhook_id: str,
        *,
        deliveries: Sequence[str] | None = None,
        states: Sequence[Literal["delivered", "failed", "stopped"]] | None = None,
        since: datetime | None = None,
        key: str | None = None,
    ) -> Replayed:
        """Sends up to 1,000 messages again: those with these ids, in these states, since this time.

        Without `states`: those that failed, or were stopped. `since` needs a time zone.
        """
        at = since and since.isoformat()
        order = _given({"deliveries": deliveries, "states": states, "since": at})
        path = f"{_PATH}/{webhook_id}/replays"
        replayed: Replayed = self._calls.json("POST", path, body=order, key=key)
        return replayed

    def deliveries(self, webhook_id: str) -> Iterator[Delivery]:
        """The messages to a webhook, the newest first."""
        return self._calls.pages(f"{_PATH}/{webhook_id}/deliveries")

    def read_delivery(self, delivery_id: str) -> DeliveryLog:
        """A message with each attempt to send it."""
        delivery: DeliveryLog = self._calls.json("GET", f"/api/v1/deliveries/{delivery_id}")
        return delivery


def _given(wanted: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in wanted.items() if value is not None}
