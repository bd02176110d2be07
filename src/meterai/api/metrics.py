"""Metrics for a monitoring system, in Prometheus' text format and base units (docs/metrics.md)."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from importlib.metadata import version
from typing import Any

import structlog
from litestar import Request, Response, get
from prometheus_client.core import CollectorRegistry, CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from meterai.accounting.matching.model import Name
from meterai.api.conventions.operations import operation
from meterai.api.dependencies import Service
from meterai.bootstrap import App, code_budgets, news_budgets
from meterai.customers.code_figures import BudgetUse
from meterai.kernel.clock import age_s
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import DATABASE_IS_DOWN
from meterai.kit.installation_secrets import Secrets
from meterai.kit.outbox import COUNTED_MAX
from meterai.kit.settings import Settings
from meterai.ledger.model import Unit, unit_of
from meterai.news.messages.model import MessageState
from meterai.operations.use_cases.ask_signer import SignerNow, ask_signer
from meterai.operations.use_cases.measure_service import Figures, measure_service
from meterai.stamping.keys.signing_keys import has_little_time

log = structlog.get_logger(__name__)
_SECONDS_MAX = 4.0
"""A part that answers later counts as down. Monitoring systems wait for ten seconds."""
_UNITS = {Unit.STAMP: "stamps", Unit.IDR: "rupiah"}


@get(
    "/api/v1/metrics",
    opt=operation(
        scope=None,
        gives="text/plain",
        own_security="metricsToken",
        refuses={"metrics.no_token": Kind.UNAUTHENTICATED},
    ),
)
async def read_metrics(request: Request[Any, Any, Any], service: Service) -> Response[bytes]:
    """Reads the metrics for a monitoring system, in Prometheus' text format."""
    if not _has_token(request.headers.get("authorization", ""), _token(service.settings)):
        raise Refusal(Kind.UNAUTHENTICATED, "metrics.no_token")
    asking = ask_signer(service.signer, within_s=_SECONDS_MAX)
    figures, signer = await asyncio.gather(_figures(service), asking)
    body = render_metrics(
        figures,
        signer,
        free_bytes=service.upload_room.reserve.free_bytes(),
        reserve_bytes=service.upload_room.reserve.reserve_bytes,
        now=service.clock(),
        environment=service.settings.environment,
    )
    headers = {"Cache-Control": "no-store"}
    return Response(body, media_type=CONTENT_TYPE_PLAIN_0_0_4, headers=headers)


def _token(settings: Settings) -> str:
    """The token as the file has it now. Empty, which nobody can give: there is no file."""
    secrets = Secrets.of(settings)
    try:
        return secrets.read(secrets.metrics_token_file)
    except ValueError:
        return ""


def _has_token(authorization: str, token: str) -> bool:
    scheme, _, given = authorization.partition(" ")
    is_it = hmac.compare_digest(given.strip().encode(), token.encode())
    return scheme.lower() == "bearer" and bool(token) and is_it


async def _figures(service: App) -> Figures | None:
    """Measures the service. None when the database does not answer."""
    try:
        async with asyncio.timeout(_SECONDS_MAX):
            return await measure_service(
                service.db,
                code_budgets=code_budgets(service.settings),
                news_budgets=news_budgets(service.settings),
                now=service.clock(),
            )
    except DATABASE_IS_DOWN as error:
        log.warning("metrics_database_down", error=type(error).__name__)
        return None


def render_metrics(
    figures: Figures | None,
    signer: SignerNow,
    *,
    free_bytes: Mapping[str, int],
    reserve_bytes: int,
    now: datetime,
    environment: str,
) -> bytes:
    """Writes the metrics. Without `figures` it writes only what is known without the database.

    `free_bytes`: of the disks of our folders.
    """
    registry = CollectorRegistry(auto_describe=False)
    known = [*_always(figures, environment), *_signing(signer, now), *_disk(free_bytes, reserve_bytes)]
    registry.register(_ServiceCollector(figures, known))
    return generate_latest(registry)


class _ServiceCollector(Collector):
    """Gives prebuilt metrics to the registry."""

    def __init__(self, figures: Figures | None, metrics: list[Metric]) -> None:
        self._metrics = metrics
        if figures is not None:
            for part in (
                _stamping,
                _copies,
                _money,
                _differences,
                _outbox,
                _codes,
                _news_messages,
                _queues,
                _sites,
            ):
                self._metrics += part(figures)

    def collect(self) -> list[Metric]:
        return self._metrics


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"meterai_{name}", meaning, value=value)


def _by[Key](label: str, name: str, meaning: str, values: Mapping[Key, float]) -> Metric:
    """Makes a gauge with one label."""
    family = GaugeMetricFamily(f"meterai_{name}", meaning, labels=[label])
    for key, value in values.items():
        family.add_metric([str(key)], value)
    return family


def _always(figures: Figures | None, environment: str) -> Iterator[Metric]:
    labels = {"version": version("meterai"), "environment": environment}
    build = GaugeMetricFamily("meterai_build_info", "The release that answers.", labels=list(labels))
    build.add_metric(list(labels.values()), 1)
    yield build
    yield _gauge("database_up", "The database answers.", figures is not None)


def _disk(free_bytes: Mapping[str, int], reserve_bytes: int) -> Iterator[Metric]:
    yield _gauge("disk_reserve_bytes", "Free bytes below which uploads are refused.", reserve_bytes)
    free = "Free bytes of the disk of a folder: `data`, `objects`, `queue`, `database`."
    yield _by("folder", "disk_free_bytes", free, free_bytes)


def _signing(signer: SignerNow, now: datetime) -> Iterator[Metric]:
    yield _gauge("signer_up", "The signer answers and has a key that signs now.", not signer.trouble)
    if signer.tsa_ends is not None:
        ends = "When the time-stamp authority's certificate ends, by its last time stamp."
        yield _gauge("tsa_certificate_end_timestamp_seconds", ends, signer.tsa_ends.timestamp())
        soon = has_little_time(signer.tsa_ends, now)
        yield _gauge("tsa_certificate_ends_soon", "It ends soon, or has ended.", soon)


def _stamping(seen: Figures) -> Iterator[Metric]:
    yield _gauge("signing_stopped", "The stop switch is thrown.", seen.is_signing_stopped)
    if seen.key_ends is not None:
        ends = "When the certificate of the key that signs ends."
        yield _gauge("signing_key_end_timestamp_seconds", ends, seen.key_ends.timestamp())
    needed = "The key that signs ends soon, and no other follows."
    yield _gauge("next_signing_key_needed", needed, seen.needs_next_key)
    uncovered = "Age of the oldest entry of the audit trail that no head outside of the database covers."
    yield _gauge("audit_head_behind_seconds", uncovered, seen.audit_head_behind_s)
    kept = "Age of the last run that kept the terms of personal data."
    yield _gauge("terms_kept_age_seconds", kept, seen.terms_kept_s)
    late = "Age of the oldest payment whose stamp is not made yet, or of the oldest delayed document."
    yield _gauge("stamp_delay_seconds", late, seen.stamp_delay_s)
    yield _gauge("stamping_jobs", "Accepted jobs that are not finished.", seen.jobs_waiting)
    waiting = "Bytes of uploads whose senders have proved no contact."
    yield _gauge("unproven_upload_bytes", waiting, seen.unproven_bytes)
    yield _gauge("time_stamps_owed", "Released stamps that lack their time stamp.", seen.time_stamps_owed)
    behind = "Age of the oldest batch of the wire that waits for a worker, not for its receiver."
    yield _gauge("batches_behind_seconds", behind, seen.batches_behind_s)


def _copies(seen: Figures) -> Iterator[Metric]:
    age = "Age of the newest copy of `meterai backup`; before the first, of the installation."
    yield _gauge("backup_age_seconds", age, seen.backup_s)
    if seen.followed_s is not None:
        age = "Age of the moment to which the followed copy can bring the service back."
        yield _gauge("followed_age_seconds", age, seen.followed_s)
    if seen.wal is not None:
        yield _gauge("wal_receiver_up", "pg_receivewal is connected.", seen.wal.is_connected)
        behind = "WAL that pg_receivewal has not on its disk yet."
        yield _gauge("wal_behind_bytes", behind, seen.wal.behind_bytes)


def _money(seen: Figures) -> Iterator[Metric]:
    yield _gauge(
        "payments_up", "The gateway opens charges, and their state is asked for in time.", seen.takes_payments
    )
    yield _gauge("stock_stamps", "Stamps that can be sold.", seen.stock)
    for unit, word in _UNITS.items():
        posted = CounterMetricFamily(
            f"meterai_ledger_{word}", f"All {word} ever posted on an account.", labels=["account", "side"]
        )
        for one in seen.turnovers:
            if unit_of(one.kind) is unit:
                posted.add_metric([one.kind, "debit"], one.debits)
                posted.add_metric([one.kind, "credit"], one.credits)
        yield posted
    yield _gauge(
        "refunds", "Refunds under way, without those that wait for a customer's account.", seen.refunds.count
    )
    yield _gauge("refunds_in_doubt", "Refunds that wait for an officer.", seen.refunds.in_doubt)
    yield _gauge(
        "refund_delay_seconds", "For how long the oldest refund could have been sent.", seen.unsent_refund_s
    )
    yield _gauge("refunds_to_release", "Refunds that two officers must release.", seen.refunds.to_release)
    yield _gauge(
        "refund_release_delay_seconds",
        "Age of the oldest refund that two officers must release.",
        seen.unreleased_refund_s,
    )
    yield _gauge(
        "day_close_behind_seconds",
        "For how long the oldest day without a statement could have been closed.",
        seen.unclosed_s,
    )
    yield _gauge(
        "incident_update_overdue_seconds",
        "For how long the next update of an open incident has been overdue.",
        seen.update_overdue_s,
    )


def _differences(seen: Figures) -> Iterator[Metric]:
    found = {name: seen.differences.get(name) for name in Name}
    counts = {name: one.count if one else 0 for name, one in found.items()}
    yield _by("name", "differences", "Open differences between gateways, bank and our books.", counts)
    ages = {name: age_s(one.oldest, seen.at) if one else 0 for name, one in found.items()}
    yield _by("name", "difference_age_seconds", "Age of the oldest open difference.", ages)


def _outbox(seen: Figures) -> Iterator[Metric]:
    rows = {topic: backlog.rows for topic, backlog in seen.backlogs.items()}
    yield _by("topic", "outbox_rows", f"Rows that wait to be done, counted up to {COUNTED_MAX}.", rows)
    late = {topic: age_s(backlog.due_since, seen.at) for topic, backlog in seen.backlogs.items()}
    yield _by("topic", "outbox_delay_seconds", "Age of the oldest due row that no worker has taken.", late)


def _codes(seen: Figures) -> Iterator[Metric]:
    sent = {kind: codes.sent for kind, codes in seen.codes.items()}
    yield _by("kind", "codes_sent", "Codes sent in the last hour. A shared code counts once.", sent)
    used = {kind: codes.used for kind, codes in seen.codes.items()}
    yield _by("kind", "codes_used", "Those that were used.", used)
    unused = {kind: codes.unused for kind, codes in seen.codes.items()}
    yield _by("kind", "codes_unused", "Those that ended without being used.", unused)
    yield from _budgets("codes", "Codes sent since midnight in Jakarta.", seen.code_budgets)


def _news_messages(seen: Figures) -> Iterator[Metric]:
    states = {state.value: seen.news_messages.get(state, 0) for state in MessageState}
    meaning = "Messages about incidents and announcements that wait, or ended since midnight in Jakarta."
    yield _by("state", "news_messages", meaning, states)
    yield from _budgets("news", "Messages about news sent since midnight in Jakarta.", seen.news_budgets)


def _budgets(what: str, meaning: str, uses: Iterable[BudgetUse]) -> Iterator[Metric]:
    labels = ["budget", "prefix"]
    today = GaugeMetricFamily(f"meterai_{what}_sent_today", meaning, labels=labels)
    most = GaugeMetricFamily(f"meterai_{what}_day_budget", "Their budget for a day.", labels=labels)
    for use in uses:
        today.add_metric([use.budget, use.prefix], use.sent)
        most.add_metric([use.budget, use.prefix], use.most)
    yield from (today, most)


def _queues(seen: Figures) -> Iterator[Metric]:
    queues = seen.queues
    states = GaugeMetricFamily("meterai_queue_state", "1 for the state of a line.", labels=["event", "state"])
    for queue in queues:
        states.add_metric([queue.event, queue.state], 1)
    yield states
    waiting = {queue.event: queue.waiting for queue in queues}
    yield _by("event", "queue_people", "People who wait and whose window is closed.", waiting)
    rates = {queue.event: queue.rate / 60 for queue in queues}
    yield _by("event", "queue_calls_per_second", "How many people are let in.", rates)
    now = seen.at.timestamp()
    ages = {one.event: now - one.made_at if one.age_s is None else one.age_s for one in queues}
    yield _by("event", "queue_published_age_seconds", "Age of what waiting people read.", ages)
    admitted = CounterMetricFamily("meterai_queue_admitted", "People who were let in.", labels=["event"])
    for queue in queues:
        admitted.add_metric([queue.event], queue.admitted)
    yield admitted


def _sites(seen: Figures) -> Iterator[Metric]:
    """Makes the metrics of the site's processes, from their own reports."""
    sites = seen.sites
    ages = {site.process: site.age_s for site in sites}
    yield _by("process", "site_report_age_seconds", "Age of a site process's last report.", ages)
    in_flight = {site.process: site.in_flight for site in sites}
    yield _by("process", "site_requests_in_flight", "Requests that buy and stamp, under way now.", in_flight)
