"""A collector of traces for tests: takes OTLP over HTTP and keeps the spans."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A span as it arrived."""

    role: str
    trace_id: str
    span_id: str
    parent_id: str
    name: str
    facts: Mapping[str, str | int]
    links: tuple[str, ...]
    """Traces that it is linked to."""
    text: str
    """All of it, as text."""


@dataclass(slots=True)
class Receiver:
    """What arrived so far. `answers` are told in turn, the last for ever."""

    url: str = ""
    spans: list[Received] = field(default_factory=list)
    posts: list[str] = field(default_factory=list)
    """Paths that were asked for."""
    answers: list[int] = field(default_factory=lambda: [200])


@contextmanager
def receiver(port: int = 0) -> Iterator[Receiver]:
    """A receiver on 127.0.0.1, gone at the end."""
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.posts.append(self.path)
            status = kept.answers.pop(0) if len(kept.answers) > 1 else kept.answers[0]
            if status == 200:
                kept.spans.extend(_spans_of(body))
            self.send_response(status)
            if status // 100 == 3:
                self.send_header("Location", f"{kept.url}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    kept.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()


def _spans_of(body: bytes) -> Iterator[Received]:
    for group in ExportTraceServiceRequest.FromString(body).resource_spans:
        role = next(one.value.string_value for one in group.resource.attributes if one.key == "service.name")
        for span in (span for scope in group.scope_spans for span in scope.spans):
            yield Received(
                role=role,
                trace_id=span.trace_id.hex(),
                span_id=span.span_id.hex(),
                parent_id=span.parent_span_id.hex(),
                name=span.name,
                facts={one.key: one.value.string_value or one.value.int_value for one in span.attributes},
                links=tuple(link.trace_id.hex() for link in span.links),
                text=str(span),
            )
