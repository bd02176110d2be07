"""Spans: measured pieces of work, each within another. While traces are off, none is made.

A trace begins with a request (`root`), or goes on where a `traceparent` says (`continue_from`). Within it,
`span` measures. Outside of any, `span` does nothing but look at one variable. So the loops of a worker that
find no work make none.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import Final, Literal, NamedTuple, Self, Unpack, cast

import msgspec

from meterai.kernel.refusals import Refusal
from meterai.kit.tracing.facts import Facts
from meterai.kit.tracing.traceparents import Traceparent, new_span_id, new_trace_id, read_traceparent

SpanKind = Literal["internal", "server", "client", "consumer"]
_COLLECTED_MAX: Final = 100


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """A span that has ended. It also goes from the signer to the process that asked it."""

    trace_id: str
    span_id: str
    parent_id: str = ""
    """Empty: the trace begins with it."""
    name: str
    kind: SpanKind = "internal"
    began_ns: int
    """Unix time in nanoseconds."""
    ended_ns: int
    facts: dict[str, str | int] = {}
    error: str = ""
    """Type of the error that ended it, never its text."""
    links: list[tuple[str, str]] = []
    """Trace and span of others that it belongs to."""
    role: str = ""
    """Process in which it ran; empty: this one."""


type Sink = Callable[[Done], None]


class _Place(NamedTuple):
    """Where we are in a trace, and who takes the spans that end there."""

    trace_id: str
    span_id: str
    sink: Sink


_place: ContextVar[_Place | None] = ContextVar("place_in_trace", default=None)
_sink: Sink | None = None
_share = 1.0


class Open:
    """A span that is measured now. This class itself stands for none, where there is no trace."""

    __slots__ = ()

    def note(self, **facts: Unpack[Facts]) -> None:
        """Adds facts."""

    def rename(self, name: str) -> None:
        """Gives it a better name, known only now."""

    def end(self, error: BaseException | None = None) -> None:
        """Ends it. Only for one that was not entered: its block would end it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


NOTHING: Final = Open()


class _Moved(Open):
    """Sets the place in a trace for the length of a block."""

    __slots__ = ("_before", "_to")

    def __init__(self, to: _Place | None) -> None:
        self._to = to

    def __enter__(self) -> Self:
        self._before = _place.get()
        _place.set(self._to)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _place.set(self._before)


class _Span(_Moved):
    __slots__ = ("_at", "_began_ns", "_facts", "_kind", "_links", "_name", "_parent_id")

    def __init__(
        self, name: str, kind: SpanKind, parent: _Place, facts: Facts, links: Iterable[Traceparent]
    ) -> None:
        super().__init__(_Place(parent.trace_id, new_span_id(), parent.sink))
        self._name = name
        self._kind = kind
        self._parent_id = parent.span_id
        self._facts = facts
        self._links = [(link.trace_id, link.span_id) for link in links]
        self._began_ns, self._at = time.time_ns(), time.perf_counter_ns()

    def note(self, **facts: Unpack[Facts]) -> None:
        self._facts |= facts

    def rename(self, name: str) -> None:
        self._name = name

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        self.end(error)

    def end(self, error: BaseException | None = None) -> None:
        if isinstance(error, Refusal):
            self._facts["code"] = error.code
        place = cast("_Place", self._to)
        place.sink(
            Done(
                trace_id=place.trace_id,
                span_id=place.span_id,
                parent_id=self._parent_id,
                name=self._name,
                kind=self._kind,
                began_ns=self._began_ns,
                ended_ns=self._began_ns + time.perf_counter_ns() - self._at,
                facts=cast("dict[str, str | int]", self._facts),
                error="" if error is None or isinstance(error, Refusal) else type(error).__name__,
                links=self._links,
            )
        )


def send_to(sink: Sink | None, *, share: float = 1.0) -> None:
    """Switches traces of this process on: `sink` takes each span that ends. None: off.

    `share`: the part of requests that begin a trace, from 0 to 1.
    """
    global _sink, _share
    _sink, _share = sink, share


def is_on() -> bool:
    """Whether this process makes traces."""
    return _sink is not None


def root(name: str, *, kind: SpanKind = "internal", link: str = "", **facts: Unpack[Facts]) -> Open:
    """Begins a trace, or leads out of any: traces are off, or this one is not in the share.

    `link`: a traceparent of somebody else, whose trace is named beside ours.
    """
    if _sink is None:
        return NOTHING
    if _share < 1 and random.random() >= _share:  # noqa: S311 (no secret)
        return _Moved(None)
    return _Span(name, kind, _Place(new_trace_id(), "", _sink), facts, _read(link))


def span(name: str, *, kind: SpanKind = "internal", **facts: Unpack[Facts]) -> Open:
    """Measures a block that belongs to the current trace. Without one it does nothing."""
    place = _place.get()
    return NOTHING if place is None else _Span(name, kind, place, facts, ())


def span_of_caller(prefix: str) -> Open:
    """Measures what the caller's caller does, under the name of that function."""
    if _place.get() is None:
        return NOTHING
    frame = sys._getframe(2)
    module, function = frame.f_globals["__name__"].rpartition(".")[2], frame.f_code.co_qualname
    named = function if function == module else f"{module}.{function}"
    return span(f"{prefix} {named}".replace("<locals>.", ""))


def current_traceparent() -> str:
    """The traceparent by which another process continues the current trace; empty without one."""
    place = _place.get()
    return "" if place is None else str(Traceparent(place.trace_id, place.span_id))


def current_trace_id() -> str:
    """For logs; empty without a trace."""
    place = _place.get()
    return "" if place is None else place.trace_id


def continue_from(traceparent: str | None) -> Open:
    """For the length of a block we are in the trace that `traceparent` names; in none without one.

    It measures nothing itself. One that is not recorded, or can't be read, counts as none.
    """
    if _sink is None:
        return NOTHING
    found = _read(traceparent or "")
    return _Moved(_Place(*found[0][:2], _sink) if found else None)


def span_of_many(name: str, traceparents: Iterable[str | None], **facts: Unpack[Facts]) -> Open:
    """Measures work on several things at once, each of which may come from another trace.

    It goes on in their trace if there is one; several are linked to a trace of its own.
    """
    if _sink is None:
        return NOTHING
    parents = list(dict.fromkeys(parent for text in traceparents for parent in _read(text or "")))
    if not parents:
        return _Moved(None)
    if len({parent.trace_id for parent in parents}) == 1:
        return _Span(name, "consumer", _Place(*parents[0][:2], _sink), facts, ())
    return _Span(name, "consumer", _Place(new_trace_id(), "", _sink), facts, parents)


def span_of_one(name: str, traceparent: str | None, **facts: Unpack[Facts]) -> Open:
    """Measures work on one of the things of `span_of_many`, in the trace of this thing."""
    if _sink is None:
        return NOTHING
    found, place = _read(traceparent or ""), _place.get()
    if not found:
        return _Moved(None)
    if place is not None and place.trace_id == found[0].trace_id:
        return _Span(name, "internal", place, facts, ())
    together = [] if place is None else [Traceparent(place.trace_id, place.span_id)]
    return _Span(name, "internal", _Place(*found[0][:2], _sink), facts, together)


@contextmanager
def collected(traceparent: str) -> Iterator[list[Done]]:
    """Collects the spans of a block for the process that asked for it, which sends them (`take_over`).

    So the signer needs neither a collector nor a library for it. Without a traceparent nothing is made.
    """
    spans: list[Done] = []

    def keep(done: Done) -> None:
        if len(spans) < _COLLECTED_MAX:
            spans.append(done)

    found = _read(traceparent)
    with _Moved(_Place(*found[0][:2], keep) if found else None):
        yield spans


def take_over(spans: Sequence[Done], role: str) -> None:
    """Sends the spans that another process collected within the current trace."""
    place = _place.get()
    if place is None:
        return
    for done in spans[:_COLLECTED_MAX]:
        place.sink(msgspec.structs.replace(done, trace_id=place.trace_id, role=role))


def _read(text: str) -> list[Traceparent]:
    found = read_traceparent(text)
    return [found] if found is not None and found.is_recorded else []
