"""The sending of spans: what arrives, and that a collector that is away costs a line a minute."""

from __future__ import annotations

import socket
import time

import pytest
from msgspec.structs import replace
from opentelemetry.sdk.resources import Resource
from structlog.testing import capture_logs

from meterai.kit.tracing import collector as sending
from meterai.kit.tracing import spans
from meterai.kit.tracing.spans import Done, root, span
from meterai.kit.tracing.switch import traces
from tests.ports import free_port
from tests.tracing.receiver import receiver

DONE = Done(trace_id="a" * 32, span_id="b" * 16, name="signer", began_ns=1, ended_ns=2)


def test_spans_arrive_in_the_form_of_otlp_and_say_what_may_leave_alone() -> None:
    def fail() -> None:
        with root("GET", kind="server", method="GET") as request, span("part", task="budi@contoh.id"):
            request.note(status=500)
            spans.take_over([DONE, replace(DONE, span_id="nonsense")], "signer")
            raise ValueError("budi@contoh.id")

    with receiver() as kept, traces(kept.url, 100, "site"), pytest.raises(ValueError):
        fail()
    assert not spans.is_on()
    assert kept.posts == ["/v1/traces"]
    by_name = {one.name: one for one in kept.spans}
    signer, part, whole = (by_name[name] for name in ("signer", "part", "GET"))
    assert [one.role for one in (signer, part, whole)] == ["meterai-signer", "meterai-site", "meterai-site"]
    assert (part.parent_id, part.facts) == (whole.span_id, {"error.type": "ValueError"})
    assert whole.facts == {
        "http.request.method": "GET",
        "http.response.status_code": 500,
        "error.type": "ValueError",
    }
    assert "STATUS_CODE_ERROR" in whole.text
    assert {one.trace_id for one in kept.spans} == {whole.trace_id}
    assert "contoh" not in "".join(one.text for one in kept.spans)


@pytest.mark.parametrize(
    ("path", "asked"), [("", "/v1/traces"), ("/", "/v1/traces"), ("/otlp/x?a=1", "/otlp/x?a=1")]
)
def test_the_path_is_the_usual_one_unless_another_is_named(path: str, asked: str) -> None:
    with receiver() as kept, traces(kept.url + path, 100, "site"), root("GET"):
        pass
    assert kept.posts == [asked]


def test_a_redirect_leads_nowhere_and_a_refusal_is_told() -> None:
    with receiver() as kept, capture_logs() as lines:
        kept.answers[:] = [307]
        with traces(kept.url, 100, "site"), root("GET"):
            pass
    assert kept.posts == ["/v1/traces"]
    (line,) = lines
    assert (line["event"], line["reason"], line["spans"]) == ("traces_not_sent", "status_307", 1)


def test_variables_of_the_environment_lead_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    with receiver() as kept, traces(kept.url, 100, "site"), root("GET"):
        pass
    assert len(kept.spans) == 1


def test_a_dead_collector_is_told_once_a_minute_and_tried_again() -> None:
    now, port = 1_000.0, free_port()
    sender = sending._Sender(f"http://127.0.0.1:{port}", clock=lambda: now)
    done = sending.readable(DONE, Resource({"service.name": "meterai-site"}))
    with capture_logs() as lines:
        for _ in range(28):
            sender.export([done])
            now += 4
        assert [(line["event"], line["spans"]) for line in lines] == [
            ("traces_not_sent", 1),
            ("traces_not_sent", 15),
        ]
        with receiver(port) as kept:
            sender.export([done])
            assert kept.posts == [], "it was tried less than ten seconds ago"
            now += 10
            sender.export([done])
            sender.export([done])
        assert len(kept.spans) == 2
    sender.shutdown()


def test_a_silent_collector_makes_nobody_wait() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.perf_counter()
        with traces(f"http://127.0.0.1:{silent.getsockname()[1]}", 100, "site"):
            for _ in range(10_000):  # twice what fits into the queue
                with root("GET"):
                    pass
            assert time.perf_counter() - began < 2
        assert time.perf_counter() - began < 6, "the end waits for two seconds"
