"""Times and outcomes that a process counts."""

from __future__ import annotations

import asyncio

import pytest
from prometheus_client import Histogram

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.outside_service import CircuitBreaker, OutsideService
from meterai.kit.measures import outcome_of, timed
from meterai.web.requests.request_times import group_of, observe
from tests.counted import counted
from tests.ports import free_port

_TRIED = Histogram("tried_seconds", "Of this test alone.", ["what", "outcome"])


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Refusal(Kind.INVALID, "pdf.broken"), "refused"),
        (Refusal(Kind.BUSY, "jail.busy"), "busy"),
        (Refusal(Kind.UNAVAILABLE, "jail.unavailable"), "unavailable"),
        (asyncio.CancelledError(), "cancelled"),
        (KeyError("x"), "error"),
    ],
)
def test_work_that_fails_is_counted_by_its_outcome(error: BaseException, outcome: str) -> None:
    before = counted("tried_seconds_count", what="x", outcome=outcome)
    with pytest.raises(type(error)), timed(_TRIED, "x"):
        raise error
    assert counted("tried_seconds_count", what="x", outcome=outcome) == before + 1
    assert outcome_of(None) == "ok"


async def test_a_service_that_fails_shows_its_breaker_by_its_name() -> None:
    service = OutsideService(
        f"http://127.0.0.1:{free_port()}",
        unavailable_code="gateway.unavailable",
        name="nobody",
        breaker=CircuitBreaker(failures_max=2),
    )
    assert counted("meterai_breaker_open", service="nobody") == 0
    for _ in range(3):
        with pytest.raises(Refusal):
            await service.call("GET", "/")
    assert counted("meterai_breaker_open", service="nobody") == 1
    calls = counted("meterai_outside_call_seconds_count", service="nobody", outcome="no_answer")
    assert calls == 2, "the third was held back"
    await service.close()


@pytest.mark.parametrize(
    ("path", "group"),
    [
        ("/pesanan/0123456789abcdef/bayar", "orders"),
        ("/p/AbCdEf", "orders"),
        ("/saya/kontak", "account"),
        ("/api/v1/verifications/1", "verification"),
        ("/api/v1/stamps", "api"),
        ("/casn/masuk", "line"),
        ("/wire/x", "wire"),
        ("/ani@example.id", "pages"),
        ("", "pages"),
    ],
)
def test_an_address_is_counted_by_one_of_a_few_words(path: str, group: str) -> None:
    before = counted("meterai_http_request_seconds_count", group=group, status="2xx")
    observe(path, 204, 0.01)
    assert group_of(path) == group
    assert counted("meterai_http_request_seconds_count", group=group, status="2xx") == before + 1
