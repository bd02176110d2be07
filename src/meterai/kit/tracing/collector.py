"""Sends spans to a collector: OTLP over HTTP, in batches, from a thread of its own.

Nobody waits for it. What does not fit into the queue, or meets a collector that is down, is lost.
Loaded only where traces are on: the libraries take some megabytes.
"""

from __future__ import annotations

import http.client
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from typing import Final
from urllib.parse import urlsplit

import structlog
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from meterai.kit.tracing.facts import sendable
from meterai.kit.tracing.spans import Done

log = structlog.get_logger(__name__)

_PATH: Final = "/v1/traces"
"""Where collectors take OTLP, if the address names no path."""
_QUEUE_MAX: Final = 4_096
_BATCH_MAX: Final = 512
_PAUSE_MS: Final = 1_000
_ANSWER_SECONDS: Final = 3.0
_ANSWER_BYTES_MAX: Final = 1 << 16
_AGAIN_SECONDS: Final = 10.0
"""How long nothing is tried after a failure."""
_TOLD_AGAIN_SECONDS: Final = 60.0
_CLOSE_SECONDS: Final = 2.0
_KINDS: Final[Mapping[str, SpanKind]] = {
    "internal": SpanKind.INTERNAL,
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "consumer": SpanKind.CONSUMER,
}


class Collector:
    """The collector, as processes of `role` send to it. It is called with each span that ends."""

    def __init__(self, url: str, role: str) -> None:
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL + 1)  # a full queue is no news each time
        self._role = role
        self._resources: dict[str, Resource] = {}
        self._processor = BatchSpanProcessor(
            _Sender(url),
            max_queue_size=_QUEUE_MAX,
            schedule_delay_millis=_PAUSE_MS,
            max_export_batch_size=_BATCH_MAX,
            export_timeout_millis=_ANSWER_SECONDS * 1_000,
        )

    def __call__(self, done: Done) -> None:
        with suppress(Exception):  # no work may fail for want of a span
            self._processor.on_end(readable(done, self._resource(done.role or self._role)))

    def close(self) -> None:
        """Sends what is left, for two seconds at most."""
        last = threading.Thread(target=self._processor.shutdown, daemon=True)
        last.start()
        last.join(_CLOSE_SECONDS)

    def _resource(self, role: str) -> Resource:
        if role not in self._resources:
            facts = {"service.name": f"meterai-{role}", "service.version": version("meterai")}
            self._resources[role] = Resource(facts)
        return self._resources[role]


def readable(done: Done, resource: Resource) -> ReadableSpan:
    """The span as OpenTelemetry's libraries take it."""
    return ReadableSpan(
        done.name,
        context=_context(done.trace_id, done.span_id),
        parent=_context(done.trace_id, done.parent_id) if done.parent_id else None,
        resource=resource,
        attributes=sendable(done.facts) | ({"error.type": done.error} if done.error else {}),
        links=[Link(_context(*link)) for link in done.links],
        kind=_KINDS[done.kind],
        status=Status(StatusCode.ERROR if _has_failed(done) else StatusCode.UNSET),
        start_time=done.began_ns,
        end_time=done.ended_ns,
    )


def _has_failed(done: Done) -> bool:
    return bool(done.error) or int(done.facts.get("status", 0)) >= 500


def _context(trace_id: str, span_id: str) -> SpanContext:
    return SpanContext(
        int(trace_id, 16), int(span_id, 16), is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED)
    )


class _Sender(SpanExporter):
    """Posts batches to one address. No redirect, no proxy and no variable of the environment leads elsewhere.

    After a failure it loses what comes in the next seconds without another try.
    """

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname or "", parts.port, timeout=_ANSWER_SECONDS)
        self._path = (parts.path if parts.path.strip("/") else _PATH) + ("?" + parts.query) * bool(
            parts.query
        )
        self._clock = clock
        self._again_at = self._told_at = float("-inf")
        self._lost, self._reason = 0, ""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        if self._clock() >= self._again_at:
            try:
                self._post(encode_spans(spans).SerializeToString())
                return SpanExportResult.SUCCESS
            except Exception as error:
                self._connection.close()
                self._again_at = self._clock() + _AGAIN_SECONDS
                self._reason = str(error) if isinstance(error, _Refused) else type(error).__name__
        self._lost += len(spans)
        if self._clock() - self._told_at >= _TOLD_AGAIN_SECONDS:
            log.warning("traces_not_sent", reason=self._reason, spans=self._lost)
            self._told_at, self._lost = self._clock(), 0
        return SpanExportResult.FAILURE

    def _post(self, body: bytes) -> None:
        try:
            answer = self._ask(body)
        except ConnectionError:  # a kept connection ends at any time
            self._connection.close()
            answer = self._ask(body)
        answer.read(_ANSWER_BYTES_MAX)
        if not answer.isclosed():
            self._connection.close()
        if answer.status // 100 != 2:
            raise _Refused(f"status_{answer.status}")

    def _ask(self, body: bytes) -> http.client.HTTPResponse:
        headers = {"Content-Type": "application/x-protobuf", "User-Agent": "meterai"}
        self._connection.request("POST", self._path, body, headers)
        return self._connection.getresponse()

    def shutdown(self) -> None:
        self._connection.close()

    def force_flush(self, timeout_millis: int = 0) -> bool:
        return True


class _Refused(Exception):
    """The collector answered, and does not take it."""
