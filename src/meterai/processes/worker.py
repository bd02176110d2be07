"""The worker: `python -m meterai.processes.worker`. It does what is due; any number may run at once."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from datetime import timedelta
from functools import partial

import structlog
import uvloop

from meterai.accounting.reconciling import FOLDER, Reconciler
from meterai.background.batch_pictures import BatchPictures
from meterai.background.batch_visits import BatchVisits
from meterai.background.loops import Bell, Counts, Loop, run_loop
from meterai.background.partner_events import EVENTS_AT_ONCE, note_asked_events, note_bundle_ends
from meterai.background.presence import Presence
from meterai.background.probe_account import name_probe
from meterai.background.queue_messages import remind, tell_of_news
from meterai.background.recovery import Recovery
from meterai.background.topics import (
    BATCH,
    MESSAGES_AT_ONCE,
    Bells,
    DueJobs,
    send_messages,
    stamp,
    tell_quota_ends,
)
from meterai.background.webhook_visits import WebhookVisits
from meterai.bootstrap import WorkerApp, archive_tools_of, lots_of, open_worker_app, price_list_of
from meterai.customers.use_cases.clean_up import clean_up_customers
from meterai.kernel.clock import system_clock
from meterai.kit import fail_points, garbage_collection
from meterai.kit.database import DATABASE_IS_DOWN, Database, ending_in_words
from meterai.kit.http import outside_service
from meterai.kit.http.role_port import role_port
from meterai.kit.idempotency import forget_answers
from meterai.kit.logging import set_up_logging
from meterai.kit.privacy import terms_of
from meterai.kit.production import settings_of
from meterai.kit.settings import Settings, host_name, queue_root
from meterai.kit.tracing.switch import traces
from meterai.news.use_cases.remind_updates import remind_updates
from meterai.operations.auditing.head_places import place_of
from meterai.operations.use_cases.check_lately import check_lately
from meterai.operations.use_cases.clean_up_uploads import clean_up_uploads
from meterai.operations.use_cases.judge_promises import judge_due_promises
from meterai.operations.use_cases.keep_terms import keep_terms
from meterai.operations.use_cases.publish_head import publish_head
from meterai.operations.use_cases.report_backlog import BacklogReporter
from meterai.operations.use_cases.take_name import free_name, keep_name, take_name
from meterai.operations.use_cases.take_sample import Sampler, clean_up_samples
from meterai.partners.batches.use_cases.clean_up_batches import clean_up_batches
from meterai.partners.members.use_cases.invite_member import forget_invitations
from meterai.partners.sandbox.model import is_on
from meterai.partners.stamps.ordering import note_bundle_jobs
from meterai.partners.use_cases.clean_up_clients import clean_up_clients
from meterai.partners.use_cases.make_reports import forget_old_reports, make_due_report
from meterai.partners.webhooks.use_cases.clean_up_webhooks import clean_up_webhooks
from meterai.partners.webhooks.use_cases.warn_of_low_quota import warn_of_low_quota
from meterai.sales.use_cases.cancel_asked import cancel_asked
from meterai.sales.use_cases.check_gateway_key import note_gateway_keys
from meterai.sales.use_cases.clean_up import clean_up_orders
from meterai.sales.use_cases.expire_orders import expire_due_orders
from meterai.sales.use_cases.pay_refunds import PayoutRules, pay_due_refunds
from meterai.sales.use_cases.poll_payments import poll_due_payments
from meterai.sales.use_cases.send_news import note_paid_news, send_due_news
from meterai.sales.use_cases.set_first_price import set_first_price
from meterai.sales.use_cases.settle_asked import SETTLED_AT_ONCE, settle_asked
from meterai.sales.use_cases.tell_moved_orders import tell_moved_orders
from meterai.stamping.cycle.batch import CycleSettings, Tools
from meterai.stamping.use_cases.add_time_stamps import add_due_time_stamps
from meterai.stamping.use_cases.clean_up import Orphans
from meterai.stamping.use_cases.clean_up_bundles import clean_up_bundles
from meterai.stamping.use_cases.renew_archive import renew_due_archives
from meterai.stamping.use_cases.reserve_parts import reserve_due_parts
from meterai.stamping.use_cases.run_cycle import free_leases
from meterai.waiting_room.use_cases.clean_up import clean_up_queues

log = structlog.get_logger(__name__)

LANES = 2
"""Stamping lanes: while one waits for the signer and the disk, the other keeps the jail busy."""
_LOOK_SECONDS = 0.1
"""How often the outbox is looked into."""
_LIMIT = 20
_NEWS_AT_ONCE = 8
_PROMISES = 500
_SIGN_OF_LIFE_SECONDS = 2.0


def tools_of(app: WorkerApp, variables: Mapping[str, str]) -> Tools:
    """What the stamping cycle works with."""
    production = app.settings.environment == "production"
    return Tools(
        db=app.db,
        jail=app.jail,
        objects=app.objects,
        signer=app.signer,
        clock=app.clock,
        settings=CycleSettings(
            base_url=app.public_url,
            specimen=not production,
            plays_scenarios=is_on(app.settings),
            time_stamp_later=app.settings.tsa_policy == "later",
            first_archiving=timedelta(days=30 if app.settings.signature_level == "B-T" else 0),
        ),
        fail_point=fail_points.from_environment(variables, development=not production),
    )


def visits_of(app: WorkerApp, tools: Tools) -> tuple[WebhookVisits, BatchVisits]:
    """What tells programs of partners."""
    draw = BatchPictures(app.signer, app.public_url, specimen=tools.settings.specimen)
    return (
        WebhookVisits(app.db, app.webhook_sender, app.clock),
        BatchVisits(app.db, draw, app.webhook_sender, clock=app.clock),
    )


def loops_of(
    app: WorkerApp, tools: Tools, worker: str, *, webhooks: WebhookVisits, batches: BatchVisits
) -> list[Loop]:
    """Everything this process does."""
    db, clock, gateways = app.db, app.clock, app.gateways
    archive = archive_tools_of(app, tools.fail_point)
    payout_rules = PayoutRules(
        wait=timedelta(minutes=app.settings.refund_wait_minutes),
        release_above=app.settings.refund_release_above,
    )

    def poll() -> Awaitable[int]:
        return poll_due_payments(db, gateways, clock=clock, limit=_LIMIT)

    def settle() -> Awaitable[int]:
        return settle_asked(db, gateways, clock=clock)

    def lane() -> Awaitable[int]:
        return stamp(app, tools, worker)

    def tell() -> Awaitable[int]:
        return send_due_news(
            db, app.messenger, app.secret, public_url=app.public_url, clock=clock, limit=_NEWS_AT_ONCE
        )

    async def renew() -> int:
        return (await renew_due_archives(archive)).done

    def expire() -> Awaitable[int]:
        return expire_due_orders(db, gateways, clock=clock, limit=_LIMIT)

    def refund() -> Awaitable[int]:
        return pay_due_refunds(db, gateways, app.payout, rules=payout_rules, clock=clock, limit=_LIMIT)

    reconciler = Reconciler(db, gateways, app.report_sources, folder=app.settings.data / FOLDER, clock=clock)
    bells, due_jobs = Bells(), DueJobs(tools, worker)
    orphans = Orphans(db, app.objects, clock)

    def outbox_loop(
        name: str, work: Callable[[], Awaitable[int]], bell: Bell, full: int, *, is_new_work: bool = False
    ) -> Loop:
        return Loop(name=name, work=work, busy_s=10, idle_s=10, bell=bell, full=full, is_new_work=is_new_work)

    backlog = BacklogReporter(db)
    sampler = Sampler(db, app.signer, app.upload_room.reserve)
    head_place = place_of(app.settings.audit_head)

    async def report_backlog() -> int:
        await backlog.report(clock())
        return 0

    return [
        Loop(name="outbox", work=lambda: bells.watch(app), busy_s=_LOOK_SECONDS, idle_s=_LOOK_SECONDS),
        *(
            outbox_loop(f"stamping_{number}", lane, bells.stamping, BATCH, is_new_work=True)
            for number in range(1, LANES + 1)
        ),
        *(
            outbox_loop(topic, partial(send_messages, app, topic), bell, MESSAGES_AT_ONCE)
            for topic, bell in bells.messages.items()
        ),
        outbox_loop("settling", settle, bells.settling, SETTLED_AT_ONCE, is_new_work=True),
        outbox_loop("news", tell, bells.news, _NEWS_AT_ONCE),
        Loop(name="message.news", work=lambda: tell_of_news(app), busy_s=0.02, idle_s=5),
        outbox_loop("events", lambda: note_asked_events(app), bells.events, EVENTS_AT_ONCE),
        Loop(name="webhooks", work=webhooks.turn, busy_s=0.05, idle_s=0.5),
        Loop(name="batches", work=batches.turn, busy_s=0.05, idle_s=0.5),
        Loop(name="low_quotas", work=lambda: warn_of_low_quota(db, now=clock()), idle_s=10),
        Loop(name="webhooks_clean_up", work=lambda: clean_up_webhooks(db, now=clock()), busy_s=1, idle_s=60),
        Loop(name="batches_clean_up", work=lambda: clean_up_batches(db, now=clock()), busy_s=1, idle_s=60),
        Loop(name="paid_news", work=lambda: note_paid_news(db, now=clock()), idle_s=5),
        Loop(name="quota_news", work=lambda: tell_quota_ends(app), busy_s=0.1, idle_s=10),
        Loop(
            name="bundles",
            work=lambda: reserve_due_parts(db, lots_of(db), after=note_bundle_jobs, now=clock()),
            busy_s=0.1,
            idle_s=0.5,
            is_new_work=True,
        ),
        Loop(name="bundle_ends", work=lambda: note_bundle_ends(app), busy_s=0.1, idle_s=1),
        Loop(name="stamping_oldest", work=due_jobs.oldest, idle_s=0.25, is_new_work=True),
        Loop(name="stamping_newest", work=due_jobs.newest, idle_s=0.25, is_new_work=True),
        Loop(name="time_stamps", work=lambda: add_due_time_stamps(tools), busy_s=0.05, idle_s=2),
        Loop(
            name="archive",
            work=renew,
            busy_s=60 / max(1, app.settings.archive_files_per_minute),
            idle_s=5,
        ),
        Loop(name="reminders", work=lambda: remind(app), busy_s=0.1, idle_s=3),
        Loop(name="payments", work=poll, busy_s=0.05, idle_s=2, is_new_work=True),
        Loop(name="promises", work=lambda: judge_due_promises(db, limit=_PROMISES), busy_s=0.1, idle_s=10),
        Loop(name="gateway_key", work=lambda: note_gateway_keys(gateways), busy_s=3_600, idle_s=3_600),
        Loop(name="behind", work=report_backlog, idle_s=1),
        Loop(name="samples", work=lambda: sampler.turn(clock()), busy_s=2, idle_s=2),
        Loop(name="samples_clean_up", work=lambda: clean_up_samples(db, now=clock()), busy_s=1, idle_s=60),
        Loop(name="invariants", work=lambda: check_lately(db, clock=clock), busy_s=60, idle_s=60),
        Loop(name="orders", work=expire, busy_s=0.05, idle_s=5, is_new_work=True),
        Loop(
            name="cancellations",
            work=lambda: cancel_asked(db, gateways, clock=clock),
            busy_s=0.05,
            idle_s=1,
            is_new_work=True,
        ),
        Loop(
            name="moved_orders",
            work=lambda: tell_moved_orders(db, app.secret, public_url=app.public_url, clock=clock),
            busy_s=0.05,
            idle_s=1,
        ),
        Loop(name="refunds", work=refund, busy_s=0.05, idle_s=2),
        Loop(
            name="documents_clean_up",
            work=lambda: clean_up_uploads(db, app.objects, now=clock()),
            busy_s=1,
            idle_s=60,
        ),
        Loop(name="incidents", work=lambda: remind_updates(db, now=clock()), busy_s=60, idle_s=60),
        Loop(name="reconciliation", work=reconciler.turn, busy_s=5, idle_s=60),
        Loop(name="reports", work=lambda: make_due_report(db, clock=clock), busy_s=0.1, idle_s=5),
        Loop(name="reports_clean_up", work=lambda: forget_old_reports(db, now=clock()), idle_s=3_600),
        Loop(
            name="audit_head",
            work=lambda: publish_head(db, head_place, app.settings.audit_head, now=clock()),
            busy_s=60,
            idle_s=60,
        ),
        Loop(name="objects_clean_up", work=app.objects.clean_up, busy_s=60, idle_s=60),
        Loop(name="prepared_clean_up", work=orphans.clean_up, busy_s=300, idle_s=300),  # all parts in a day
        Loop(name="bundles_clean_up", work=lambda: clean_up_bundles(db, now=clock()), busy_s=1, idle_s=60),
        Loop(name="answers_clean_up", work=lambda: forget_answers(db, clock()), busy_s=0.1, idle_s=60),
        Loop(name="clients_clean_up", work=lambda: clean_up_clients(db, now=clock()), busy_s=1, idle_s=60),
        Loop(name="invitations_clean_up", work=lambda: forget_invitations(db, now=clock()), idle_s=3_600),
        Loop(name="orders_clean_up", work=lambda: clean_up_orders(db, now=clock()), busy_s=1, idle_s=60),
        Loop(
            name="terms",
            work=lambda: keep_terms(db, queue_root(app.settings), terms_of(app.settings), now=clock()),
            busy_s=60,
            idle_s=60,
        ),
        Loop(name="queues_clean_up", work=lambda: clean_up_queues(db, now=clock()), busy_s=60, idle_s=60),
        Loop(
            name="customers_clean_up", work=lambda: clean_up_customers(db, now=clock()), busy_s=60, idle_s=60
        ),
    ]


async def run(variables: Mapping[str, str]) -> None:
    """Works until SIGTERM or SIGINT, then ends what is under way."""
    settings = settings_of("worker", variables)
    set_up_logging(settings.log_level)
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    with traces(settings.traces_url, settings.traces_percent, "worker"):
        await _run(settings, variables, stop)


async def _run(settings: Settings, variables: Mapping[str, str], stop: asyncio.Event) -> None:
    outside_service.load()
    presence = await asyncio.to_thread(Presence, settings.data / "run", host_name(settings))
    async with open_worker_app(
        settings, database_url=settings.database_worker_url, name=f"meterai {presence.name}"
    ) as app:
        await take_name(app.db, presence.name, presence.holder, after=presence.former)
        tools = tools_of(app, variables)
        app.messenger.fail_point = tools.fail_point
        await set_first_price(app.db, price_list_of(settings), now=app.clock())
        await name_probe(app)
        freed = await free_leases(tools, worker=presence.name)
        garbage_collection.settle()
        log.info("worker.ready", name=presence.name, jobs_taken_up=freed)
        webhooks, batches = visits_of(app, tools)
        loops = loops_of(app, tools, presence.name, webhooks=webhooks, batches=batches)
        async with _monitored(app):
            await _work(app.db, presence, loops, stop, Recovery(app, tools, presence.name, stop))
        with suppress(*DATABASE_IS_DOWN):
            await free_name(app.db, presence.name, presence.holder)
        await webhooks.close()
        await batches.close()
    presence.close()


def _monitored(app: WorkerApp) -> AbstractAsyncContextManager[None]:
    async def signer() -> None:
        await app.signer.ping()

    return role_port(
        app.settings.role_port, "worker", database=app.db.ping, signer=signer, jail=app.jail.ping
    )


async def _work(
    db: Database, presence: Presence, loops: list[Loop], stop: asyncio.Event, recovery: Recovery
) -> None:
    counts = {loop.name: Counts() for loop in loops}
    recovered = asyncio.Event()

    async def recover() -> None:
        await recovery.run()
        recovered.set()

    async def go(loop: Loop) -> None:
        if loop.is_new_work:
            await recovered.wait()
        await run_loop(loop, stop, counts[loop.name])

    async def show() -> int:
        presence.show({"at": system_clock().isoformat(), "loops": counts})
        if not await keep_name(db, presence.name, presence.holder):
            log.error("worker.name_taken", name=presence.name)
            stop.set()
        return 0

    async def wake_all() -> None:
        await stop.wait()
        for loop in loops:
            if loop.bell is not None:
                loop.bell.ring()

    sign_of_life = Loop(name="sign_of_life", work=show, idle_s=_SIGN_OF_LIFE_SECONDS)
    await asyncio.gather(
        recover(),
        *(go(loop) for loop in loops),
        run_loop(sign_of_life, stop, Counts()),
        wake_all(),
    )


def main() -> None:
    """Runs the worker."""
    with ending_in_words(log):
        uvloop.run(run(os.environ))


if __name__ == "__main__":
    main()
