"""Quota: the stamps of an organisation, and the blocks in which they move to the organisations below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from meterai_sdk.calls import Calls
from meterai_sdk.shapes import Block, Quota, QuotaAlert, ReturnedSerials, UnstampedSerial


class Quotas:
    """Reads quota, and moves stamps."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def read(self, organisation_id: str | None = None) -> Quota:
        """What your organisation has, or one below it."""
        below = f"/organisations/{organisation_id}" if organisation_id else ""
        quota: Quota = self._calls.json("GET", f"/api/v1{below}/quota")
        return quota

    def alert(self) -> QuotaAlert:
        """When you are told that few stamps are left."""
        alert: QuotaAlert = self._calls.json("GET", "/api/v1/quota/alert")
        return alert

    def change_alert(self, pieces: int) -> QuotaAlert:
        """Lets the event `quota.low` come when fewer stamps than these are left. 0: never."""
        alert: QuotaAlert = self._calls.json("PUT", "/api/v1/quota/alert", body={"pieces": pieces})
        return alert

    def blocks(self) -> Iterator[Block]:
        """The blocks that your organisation got or gave, the newest first."""
        return self._calls.pages("/api/v1/blocks")

    def read_block(self, block_id: str) -> Block:
        """A block as it is now."""
        block: Block = self._calls.json("GET", f"/api/v1/blocks/{block_id}")
        return block

    def pass_stamps(
        self, receiver_id: str, pieces: int, *, paid_by: Literal["funds", "credit"], key: str | None = None
    ) -> Block:
        """Passes stamps to an organisation right below yours, at the price that is agreed with it."""
        order = {"receiver_id": receiver_id, "pieces": pieces, "paid_by": paid_by}
        block: Block = self._calls.json("POST", "/api/v1/blocks", body=order, key=key)
        return block

    def return_stamps(self, block_id: str, pieces: int, *, key: str | None = None) -> Block:
        """Gives stamps of a block back. Their money goes back with them."""
        path = f"/api/v1/blocks/{block_id}/returns"
        block: Block = self._calls.json("POST", path, body={"pieces": pieces}, key=key)
        return block

    def unstamped_serials(self) -> Iterator[UnstampedSerial]:
        """The serial numbers that were taken first and are not stamped yet, the newest first."""
        return self._calls.pages("/api/v1/organisation/serials")

    def return_serials(self, serials: Sequence[str], *, key: str | None = None) -> ReturnedSerials:
        """Gives serial numbers back that are not stamped, at most 1,000. Returns those that are back."""
        body = {"serials": list(serials)}
        path = "/api/v1/organisation/serials/returns"
        returned: ReturnedSerials = self._calls.json("POST", path, body=body, key=key)
        return returned
