"""Judges what is seen of the service: one function for each kind of sign."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from meterai.kernel.clock import age_s
from meterai.operations.samples import Sample
from meterai.operations.use_cases.look_now import Now
from meterai.sales.queries.progress import CHARGES_MIN
from meterai.stamping.keys.signing_keys import has_little_time
from meterai.waiting_room.rules.model import QueueState

type Facts = Mapping[str, object]
type Judge = Callable[[Now, float], Facts | None]
"""Given what is seen and the sign's limit: facts for its sentences, or None when all is well."""

_SILENT_S: Final = 60
"""A worker writes a sample each ten seconds."""


def when(is_so: Callable[[Now], bool]) -> Judge:
    """Without facts or limit."""
    return lambda now, _: {} if is_so(now) else None


def late(seconds: Callable[[Now], float | None], name: str = "late_s") -> Judge:
    """Above the limit, in seconds."""

    def judge(now: Now, limit: float) -> Facts | None:
        found = seconds(now)
        return {name: int(found)} if found is not None and found > limit else None

    return judge


def some(count: Callable[[Now], int]) -> Judge:
    """Above the limit, in things."""
    return lambda now, limit: {"count": count(now)} if count(now) > limit else None


def site(now: Now, limit: float) -> Facts | None:
    """No site process has reported for longer."""
    return None if any(one.age_s <= limit for one in now.figures.sites) else {}


def worker(now: Now, limit: float) -> Facts | None:
    """Something is due for longer, or no worker has written a sample for as long."""
    due = (age_s(one.due_since, now.at) for one in now.figures.backlogs.values())
    is_silent = now.sample is None or age_s(now.sample.slot, now.at) > _SILENT_S
    return {} if is_silent or any(late > limit for late in due) else None


def signer(now: Now, _: float) -> Facts | None:
    """The signer can't sign, and not because it was stopped."""
    trouble = now.sample.signer_trouble if now.sample else ""
    return {"reason": trouble} if trouble and not now.figures.is_signing_stopped else None


def invariants(now: Now, _: float) -> Facts | None:
    """The last check found some that are broken."""
    broken = now.last_check.broken
    return {"ids": ", ".join(one.id for one in broken)} if broken else None


def unchecked(now: Now, limit: float) -> Facts | None:
    """The last check is older."""
    since = now.last_check.finished_at or now.last_check.begun_at
    late = age_s(since, now.at)
    return {"late_s": int(late)} if late > limit else None


def line_stands(now: Now, limit: float) -> Facts | None:
    """What people in a line read is older."""
    for one in now.figures.queues:
        age = now.at.timestamp() - one.made_at if one.age_s is None else one.age_s
        if age > limit and one.is_on:
            return {"event": one.event, "age_s": int(age)}
    return None


def line_held(now: Now, _: float) -> Facts | None:
    """An operator, or trouble on the site, holds a line."""
    held = [one.event for one in now.figures.queues if one.state is QueueState.HALTED]
    return {"event": ", ".join(held)} if held else None


def slow(now: Now, limit: float) -> Facts | None:
    """The 95th percentile of a site process is above so many seconds."""
    return {} if any(one.requests and one.p95_ms > limit * 1000 for one in now.figures.sites) else None


def faults(now: Now, limit: float) -> Facts | None:
    """More than this share of requests failed."""
    requests = sum(one.requests for one in now.figures.sites)
    return {} if sum(one.faults for one in now.figures.sites) > limit * requests else None


def disk_full(now: Now, limit: float) -> Facts | None:
    """Less is free than the reserve, times the limit."""
    if now.sample is None:
        return None
    for folder, free in now.sample.free_bytes.items():
        if free < limit * now.sample.reserve_bytes:
            return {"folder": folder, "free_bytes": free}
    return None


def disk_fills(now: Now, limit: float) -> Facts | None:
    """At the pace of the last hours, less than the reserve is free `limit` seconds later."""
    if now.sample is None or now.long_before is None:
        return None
    for folder, free in now.sample.free_bytes.items():
        if folder in now.long_before.free_bytes:
            change = pace(now.sample, now.long_before, folder) * limit
            if free + change < now.sample.reserve_bytes:
                return {"folder": folder}
    return None


def pace(sample: Sample, before: Sample, folder: str) -> float:
    """Free bytes a second; below 0: the disk fills."""
    seconds = (sample.slot - before.slot).total_seconds()
    return (sample.free_bytes[folder] - before.free_bytes[folder]) / max(1.0, seconds)


def wal(now: Now, limit: float) -> Facts | None:
    """The receiver of the WAL is away, or more bytes behind."""
    wal = now.figures.wal
    return {} if wal and (not wal.is_connected or wal.behind_bytes > limit) else None


def gateway(now: Now, _: float) -> Facts | None:
    """A gateway opened less than half of the latest charges."""
    for one in now.gateways:
        if one.asked >= CHARGES_MIN and 2 * one.opened < one.asked:
            return {"name": one.name}
    return None


def stock_low(now: Now, limit: float) -> Facts | None:
    """What is left is sold within so many seconds."""
    return {} if 0 < now.figures.stock < now.sold_per_hour * limit / 3600 else None


def difference(now: Now, limit: float) -> Facts | None:
    """One has been open for longer."""
    for name, one in now.figures.differences.items():
        if age_s(one.oldest, now.at) > limit:
            return {"name": name.value}
    return None


def overdue(now: Now, limit: float) -> Facts | None:
    """The next update of an incident is due for longer."""
    for one in now.incidents:
        if one.overdue_s(now.at) > limit:
            return {"number": one.number, "late_s": int(one.overdue_s(now.at))}
    return None


def strangers(now: Now, limit: float) -> Facts | None:
    """They take more bytes."""
    used = now.figures.unproven_bytes
    return {"used_bytes": used} if used > limit else None


def unused(now: Now, limit: float) -> Facts | None:
    """More codes ended unused, and fewer were used."""
    kinds = now.figures.codes.values()
    return {} if any(one.unused > limit and one.unused > one.used for one in kinds) else None


def budget(budget: str) -> Judge:
    """More codes were sent today than planned; to foreign countries: as many."""

    def judge(now: Now, _: float) -> Facts | None:
        for one in now.figures.code_budgets:
            least = one.most if budget == "foreign" else one.most + 1
            if one.budget == budget and one.sent >= least:
                return {"prefix": one.prefix}
        return None

    return judge


def tsa(now: Now, _: float) -> Facts | None:
    """The authority's certificate has little time left."""
    ends = now.sample.tsa_ends if now.sample else None
    return {} if ends and has_little_time(ends, now.at) else None
