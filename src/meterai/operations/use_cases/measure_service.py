"""Measures the service for a monitoring system. Reads a few rows and writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from meterai.accounting.days.queries import unclosed_since
from meterai.accounting.matching.model import Name
from meterai.accounting.matching.queries import OpenDifferences, open_by_name
from meterai.customers.code_figures import BudgetUse, CodesLately, budgets_today, codes_lately
from meterai.customers.codes import Budgets
from meterai.customers.organisations import SELLER
from meterai.kernel.clock import age_s
from meterai.kit import outbox
from meterai.kit.database import Database
from meterai.kit.messages import TOPICS
from meterai.kit.stop_switches import SEALING_STOPPED, is_thrown
from meterai.ledger import queries as ledger
from meterai.ledger.model import DISTRIBUTOR, ISSUER, books
from meterai.news.messages.model import MessageState
from meterai.news.messages.queries import message_budgets, message_states
from meterai.news.queries import longest_overdue_s
from meterai.operations.followed import Receiving, oldest_followed, receiving
from meterai.operations.last_backup import last_backup
from meterai.operations.use_cases.keep_terms import last_kept
from meterai.operations.use_cases.oldest_late_stamp import oldest_late_stamp
from meterai.partners.batches.queries import oldest_overdue
from meterai.sales.crediting import STAMP_TOPIC
from meterai.sales.news import TOPIC as NEWS
from meterai.sales.queries.progress import can_be_paid
from meterai.sales.queries.refunds import RefundsUnderWay, refunds_under_way
from meterai.stamping import queries as stamping
from meterai.stamping.cycle.job_ends import REFUSED, RELEASED
from meterai.stamping.keys.key_register import registered_keys
from meterai.stamping.keys.signing_keys import active_keys, all_that_end_soon
from meterai.waiting_room.control.site_load import SiteReport, site_reports
from meterai.waiting_room.queries import QueueView, queue_views

_TOPICS = (STAMP_TOPIC, RELEASED, REFUSED, NEWS, *TOPICS)


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What the database says at a moment. Ages in seconds; 0: nothing waits."""

    stock: int
    """Stamps that can be sold."""
    turnovers: list[ledger.Turnover]
    """Of the house accounts: all but quota lots."""
    takes_payments: bool
    """Charges are opened at the gateway and asked for."""
    stamp_delay_s: float
    """Age of the oldest payment that still waits for a stamp, or of the oldest document whose last attempt
    did not finish. Documents whose files are gone do not count."""
    jobs_waiting: int
    unproven_bytes: int
    """Of uploads whose senders have proved no contact."""
    time_stamps_owed: int
    batches_behind_s: float
    """Since when the oldest batch of the wire waits for us, not for its receiver."""
    is_signing_stopped: bool
    key_ends: datetime | None
    """The certificate of the key that signs now; None: none does."""
    needs_next_key: bool
    """That key has little time left, and no other one follows."""
    audit_head_behind_s: float
    """Age of the oldest entry of the audit trail that no head outside covers."""
    terms_kept_s: float
    """Age of the last run that kept the terms of personal data."""
    backup_s: float
    """Age of the newest copy that `meterai backup` made."""
    followed_s: float | None
    """Age of the moment to which `meterai follow` can bring the service back; None: nothing follows."""
    wal: Receiving | None
    """The receiver of the WAL; None: there is none."""
    unclosed_s: float
    """For how long the oldest day without a statement could have been closed."""
    refunds: RefundsUnderWay
    unsent_refund_s: float
    unreleased_refund_s: float
    differences: Mapping[Name, OpenDifferences]
    """Between gateways, bank and our books, by name. Names without any are left out."""
    backlogs: Mapping[str, outbox.Backlog]
    """By topic of the outbox."""
    codes: Mapping[str, CodesLately]
    """By kind of contact."""
    code_budgets: list[BudgetUse]
    news_messages: Mapping[MessageState, int]
    """About incidents and announcements: those that wait, and those that ended today."""
    news_budgets: list[BudgetUse]
    update_overdue_s: float
    """For how long the next update of an open incident has been overdue."""
    queues: list[QueueView]
    """Without queues that rest."""
    sites: list[SiteReport]
    at: datetime


async def measure_service(
    db: Database, *, code_budgets: Budgets, news_budgets: Budgets, now: datetime
) -> Figures:
    """Measures the service. Raises: the errors of `kit.database.DATABASE_IS_DOWN`."""
    queues = [view for view in await queue_views(db, now.timestamp()) if not view.rests]
    async with db.connection() as connection:
        oldest = await oldest_late_stamp(connection)
        refunds = await refunds_under_way(connection)
        register = await registered_keys(connection)
        uncovered = await connection.fetchval("SELECT operations.audit_head_behind()")
        ends = [key.valid_until for key in active_keys(register, now, "seal")]
        followed = await oldest_followed(connection)
        return Figures(
            stock=(await ledger.stock(connection, SELLER)).available,
            turnovers=await ledger.turnovers(connection, books(ISSUER, DISTRIBUTOR, SELLER)),
            takes_payments=await can_be_paid(connection, now=now),
            stamp_delay_s=age_s(oldest, now),
            jobs_waiting=await stamping.count_waiting(connection),
            unproven_bytes=await stamping.unproven_bytes(connection),
            time_stamps_owed=await stamping.count_time_stamps_owed(connection),
            batches_behind_s=age_s(await oldest_overdue(connection), now),
            is_signing_stopped=await is_thrown(connection, SEALING_STOPPED),
            key_ends=min(ends, default=None),
            needs_next_key=bool(all_that_end_soon(register, now)),
            audit_head_behind_s=age_s(uncovered, now),
            terms_kept_s=age_s(await last_kept(connection), now),
            backup_s=age_s(await last_backup(connection), now),
            followed_s=age_s(followed, now) if followed else None,
            wal=await receiving(connection),
            unclosed_s=age_s(await unclosed_since(connection, now), now),
            refunds=refunds,
            unsent_refund_s=age_s(refunds.unsent_since, now),
            unreleased_refund_s=age_s(refunds.to_release_since, now),
            differences=await open_by_name(connection),
            backlogs=await outbox.backlogs(connection, _TOPICS, now),
            codes=await codes_lately(connection, now),
            code_budgets=await budgets_today(connection, code_budgets, now),
            news_messages=await message_states(connection, now=now),
            news_budgets=await message_budgets(connection, news_budgets, now),
            update_overdue_s=await longest_overdue_s(connection, now),
            queues=queues,
            sites=await site_reports(connection),
            at=now,
        )
