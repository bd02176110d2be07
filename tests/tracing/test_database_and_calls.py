"""Traces that go on: through rows that others take up, and to a payment gateway."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from meterai.kit import outbox
from meterai.kit.http.outside_service import Answer, OutsideService
from meterai.kit.tracing.spans import Done, current_traceparent, root
from tests.adapters.test_snap import adapter_at, request
from tests.sandbox.twins import running_snap
from tests.storage_fixtures import TestDatabase

NOW = datetime(2026, 8, 17, 9, 0, tzinfo=UTC)


@pytest.mark.storage
async def test_a_row_says_which_trace_wrote_it_and_no_other_does(
    database: TestDatabase, ended: list[Done]
) -> None:
    site = database.app

    async def write(topic: str) -> None:
        async with site.transaction() as tx:
            await outbox.enqueue_many(tx, [(topic, {})], NOW)

    async def fail() -> None:
        async with site.transaction() as tx:
            await tx.execute("SELECT 1")
            raise ValueError

    await write("before")
    with root("POST"):
        with pytest.raises(ValueError):
            await fail()
        await write("within")
        async with site.connection(hands_on=True) as connection:
            await outbox.enqueue_many(connection, [("alone", {})], NOW)
        told = current_traceparent()
    await write("after")
    topics = ("before", "within", "alone", "after")
    rows = await outbox.claim(site, NOW, limit=5, lease_s=10, topics=topics)
    assert {row.topic: row.traceparent for row in rows} == dict(
        zip(topics, (None, told, told, None), strict=True)
    )
    failed, written, _, whole = ended
    names = [failed.name, written.name]
    assert [name.rpartition(".")[2] for name in names] == ["fail", "write"], "of the functions that asked"
    assert (failed.error, written.error, written.parent_id) == ("ValueError", "", whole.span_id)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, str]]:
    """The headers of calls to services outside."""
    kept: list[Mapping[str, str]] = []
    exchange = OutsideService._exchange

    async def spy(
        self: OutsideService, method: str, path: str, body: bytes | None, headers: Mapping[str, str] | None
    ) -> Answer:
        kept.append(headers or {})
        return await exchange(self, method, path, body, headers)

    monkeypatch.setattr(OutsideService, "_exchange", spy)
    return kept


async def test_a_signed_call_to_a_gateway_names_its_trace_and_is_taken(
    tmp_path: Path, sent: list[Mapping[str, str]], ended: list[Done]
) -> None:
    async with running_snap(tmp_path) as twin:
        snap = adapter_at(twin.url)
        await snap.create_charge(request("ref-0"))
        assert all("traceparent" not in headers for headers in sent)
        sent.clear()
        with root("POST") as _:
            await snap.create_charge(request("ref-1"))
        await snap.close()
    call = ended[0]
    assert [headers["traceparent"] for headers in sent] == [f"00-{call.trace_id}-{call.span_id}-01"]
    assert (call.name, call.kind, call.facts) == (
        "call snap",
        "client",
        {"service": "snap", "method": "POST", "status": 200},
    )


async def test_no_other_service_learns_of_the_trace(
    tmp_path: Path, sent: list[Mapping[str, str]], ended: list[Done]
) -> None:
    async with running_snap(tmp_path) as twin:
        service = OutsideService(twin.url, unavailable_code="payout.unavailable")
        with root("POST"):
            await service.call("GET", "/")
        await service.close()
    assert sent == [{}]
    assert ended[0].facts["service"] == "payout"
