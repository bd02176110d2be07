"""What a gate counts. Its server adds whole numbers, and they are read when somebody asks."""

from __future__ import annotations

import time
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from meterai.gate.application import Gate
from meterai.gate.http.server import Server


class GateMeasures(Collector):
    """Gives the figures of a gate and its server to the registry."""

    def __init__(self, gate: Gate, server: Server) -> None:
        self._gate = gate
        self._server = server

    def collect(self) -> Iterator[Metric]:
        """Makes the metrics."""
        server = self._server
        polls = "Answers to people in line who ask how it stands."
        yield CounterMetricFamily("meterai_gate_polls", polls, value=server.polls)
        answers = CounterMetricFamily(
            "meterai_gate_answers", "Answers, by whether they were ready or made.", labels=["kind"]
        )
        answers.add_metric(["ready"], server.ready_answers)
        answers.add_metric(["made"], server.made_answers)
        yield answers
        connected = "Connections that are open."
        yield GaugeMetricFamily("meterai_gate_connections", connected, value=len(server.connections))
        age = "Age of the status that this gate shows to people in line."
        ages = GaugeMetricFamily("meterai_gate_status_age_seconds", age, labels=["event"])
        now = time.monotonic()
        for slug, event in self._gate.open_events.items():
            if event.published.status is not None:
                ages.add_metric([slug], now - event.published.status_seen)
        yield ages
        yield from self._carried()

    def _carried(self) -> Iterator[Metric]:
        """What other hosts know of this gate's tickets, where NATS carries the line."""
        late = CounterMetricFamily(
            "meterai_gate_uncarried_tickets",
            "Tickets that people got before another host knew them.",
            labels=["event"],
        )
        behind = GaugeMetricFamily(
            "meterai_gate_carried_behind_seconds",
            "Since when tickets of this gate wait for NATS.",
            labels=["event"],
        )
        for slug, event in self._gate.open_events.items():
            if (figures := event.issuer.outbox.figures()) is not None:
                late.add_metric([slug], figures.unacknowledged)
                behind.add_metric([slug], figures.behind_s)
        yield late
        yield behind
