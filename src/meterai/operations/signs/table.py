"""The signs of trouble that officers see, the worst first: each with its limit and its row of the docs.

The alarms of deploy/alarms.yml have the same limits; a test compares them. Words: `texts/signs.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from meterai.operations.signs import judges
from meterai.operations.signs.judges import Facts, Judge, late, some, when
from meterai.operations.use_cases.look_now import Now


@dataclass(frozen=True, slots=True)
class Sign:
    """A kind of trouble. `on_duty`: where the documentation says what to do."""

    name: str
    judge: Judge
    on_duty: str
    limit: float = 0
    alarms: tuple[str, ...] = ()
    is_bad: bool = True
    """False: it can wait until the morning."""


@dataclass(frozen=True, slots=True)
class Lit:
    """A sign that is to be seen now."""

    sign: Sign
    facts: Facts


def lit_signs(now: Now | None) -> list[Lit]:
    """The signs that are to be seen, the worst first. `now`: None when the database does not answer."""
    if now is None:
        return [Lit(SIGNS[0], {})]
    judged = ((sign, sign.judge(now, sign.limit)) for sign in SIGNS)
    return [Lit(sign, facts) for sign, facts in judged if facts is not None]


def _sign(name: str, judge: Judge, on_duty: str, **more: Any) -> Sign:
    return Sign(name, judge, f"on-duty.md: {on_duty}" if ".md" not in on_duty else on_duty, **more)


_HOUR, _DAY = 3600, 86_400
SIGNS: Final[tuple[Sign, ...]] = (
    _sign("database_down", when(lambda now: False), "queue_store_unavailable", alarms=("DatabaseDown",)),
    _sign("site_silent", judges.site, "journalctl -u meterai", limit=30, alarms=("SiteDown",)),
    _sign(
        "signing_stopped",
        when(lambda now: now.figures.is_signing_stopped),
        "signer.stopped_by_itself",
        alarms=("SigningStopped",),
    ),
    _sign("worker_stands", judges.worker, "process_ended", limit=60, alarms=("WorkerStands",)),
    _sign("signer_down", judges.signer, "key.away", alarms=("SignerDown",)),
    _sign("invariants_broken", judges.invariants, "invariants_broken"),
    _sign(
        "payments_down",
        when(lambda now: not now.figures.takes_payments),
        "outside_service_unavailable",
        alarms=("PaymentsDown",),
    ),
    _sign(
        "stamps_late",
        late(lambda now: now.figures.stamp_delay_s),
        "tsa.unavailable",
        limit=120,
        alarms=("StampsLate",),
    ),
    _sign(
        "out_of_stock",
        when(lambda now: now.figures.stock <= 0),
        "out_of_stock",
        alarms=("OutOfStock",),
    ),
    _sign(
        "line_stands",
        judges.line_stands,
        "nothing is published of it",
        limit=10,
        alarms=("LineStands", "GateShowsOldStatus"),
    ),
    _sign("site_faults", judges.faults, "request_failed", limit=0.05, alarms=("SiteFaults",)),
    _sign("disk_full", judges.disk_full, "upload.disk_full", limit=2, alarms=("DiskFills",)),
    _sign(
        "refunds_late",
        late(lambda now: now.figures.unsent_refund_s),
        "refund_not_paid",
        limit=900,
        alarms=("RefundsLate",),
    ),
    _sign("wal_not_received", judges.wal, "WalNotReceived", limit=64e6, alarms=("WalNotReceived",)),
    _sign(
        "copy_behind",
        late(lambda now: now.figures.followed_s),
        "follow_failed",
        limit=60,
        alarms=("CopyFallsBehind",),
    ),
    _sign(
        "day_not_closed",
        late(lambda now: now.figures.unclosed_s),
        "DayNotClosed",
        limit=_HOUR,
        alarms=("DayNotClosed",),
    ),
    _sign(
        "audit_head_behind",
        late(lambda now: now.figures.audit_head_behind_s),
        "audit_head_not_kept",
        limit=600,
        alarms=("AuditHeadNotKept",),
    ),
    _sign(
        "update_overdue",
        judges.overdue,
        "incident_update_overdue",
        limit=120,
        alarms=("IncidentUpdateOverdue",),
    ),
    _sign("line_held", judges.line_held, "Hold the line of an event", is_bad=False),
    _sign(
        "gateway_broken",
        judges.gateway,
        "BreakerOpen",
        alarms=("BreakerOpen",),
        is_bad=False,
    ),
    _sign("site_slow", judges.slow, "SiteSlow", limit=2.5, alarms=("SiteSlow",), is_bad=False),
    _sign(
        "stock_low",
        judges.stock_low,
        "out_of_stock",
        limit=_HOUR,
        alarms=("StockLow",),
        is_bad=False,
    ),
    _sign(
        "refunds_in_doubt",
        some(lambda now: now.figures.refunds.in_doubt),
        "meterai refunds list",
        alarms=("RefundsInDoubt",),
        is_bad=False,
    ),
    _sign(
        "refunds_to_release",
        some(lambda now: now.figures.refunds.to_release),
        "RefundsToRelease",
        alarms=("RefundsToRelease",),
        is_bad=False,
    ),
    _sign("requests_waiting", some(lambda now: len(now.requests)), "Officers", is_bad=False),
    _sign(
        "messages_pile_up",
        some(lambda now: now.messages_waiting),
        "message.unavailable",
        limit=1000,
        alarms=("MessagesPileUp",),
        is_bad=False,
    ),
    _sign(
        "batches_behind",
        late(lambda now: now.figures.batches_behind_s),
        "BatchesBehind",
        limit=600,
        alarms=("BatchesBehind",),
        is_bad=False,
    ),
    _sign(
        "difference_week",
        judges.difference,
        "DifferenceForADay",
        limit=7 * _DAY,
        alarms=("DifferenceForAWeek",),
        is_bad=False,
    ),
    _sign(
        "difference_day",
        judges.difference,
        "DifferenceForADay",
        limit=_DAY,
        alarms=("DifferenceForADay",),
        is_bad=False,
    ),
    _sign(
        "backup_old",
        late(lambda now: now.figures.backup_s),
        "BackupTooOld",
        limit=3 * _HOUR,
        alarms=("BackupTooOld",),
        is_bad=False,
    ),
    _sign(
        "key_ends_soon",
        when(lambda now: now.figures.needs_next_key),
        "keys.md: 5",
        alarms=("KeyEndsSoon",),
        is_bad=False,
    ),
    _sign(
        "tsa_ends_soon",
        judges.tsa,
        "keys.md: When the authority's certificate ends",
        alarms=("TimeStampAuthorityEndsSoon",),
        is_bad=False,
    ),
    _sign(
        "disk_fills",
        judges.disk_fills,
        "DiskFillsWithinADay",
        limit=_DAY,
        alarms=("DiskFillsWithinADay",),
        is_bad=False,
    ),
    _sign(
        "strangers_upload",
        judges.strangers,
        "upload.all_full",
        limit=4e9,
        alarms=("StrangersUploadMuch",),
        is_bad=False,
    ),
    _sign("codes_unused", judges.unused, "CodesNotUsed", limit=200, alarms=("CodesNotUsed",), is_bad=False),
    _sign(
        "codes_home",
        judges.budget("home"),
        "CodesOfHomeCountryAboveBudget",
        alarms=("CodesOfHomeCountryAboveBudget",),
        is_bad=False,
    ),
    _sign(
        "codes_email",
        judges.budget("email"),
        "CodesByEmailAboveBudget",
        alarms=("CodesByEmailAboveBudget",),
        is_bad=False,
    ),
    _sign(
        "codes_foreign",
        judges.budget("foreign"),
        "CodesOfForeignCountrySpent",
        alarms=("CodesOfForeignCountrySpent",),
        is_bad=False,
    ),
    _sign(
        "terms_not_kept",
        late(lambda now: now.figures.terms_kept_s),
        "retention.fault",
        limit=2 * _DAY,
        alarms=("TermsNotKept",),
        is_bad=False,
    ),
    _sign("invariants_old", judges.unchecked, "invariants_broken", limit=_HOUR, is_bad=False),
)
"""The first that is to be seen is what the page says in one sentence."""
