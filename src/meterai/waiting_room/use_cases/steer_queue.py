"""The actions of operators on a queue. Each is recorded in the audit trail and in the public log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Connection, Database
from meterai.waiting_room.files.log_facts import OperatorFacts
from meterai.waiting_room.files.published_documents import Announcement
from meterai.waiting_room.store import log_rows, queues
from meterai.waiting_room.store.queues import Queue

NOTE_BYTES_MAX: Final = 160
"""Bytes of both languages together, as in the status, which has 1,280 bytes for everything."""


async def switch_queue(
    db: Database,
    event: str,
    *,
    is_on: bool,
    always: bool = False,
    reason: str,
    actor: str | Actor,
    now: datetime,
) -> Queue:
    """Switches the line on, so that people wait, or off. People inside stay inside; tickets stay good.

    `always`: everybody stands in line, even when nobody has to wait. The next switching ends it.
    Raises: Refusal NOT_FOUND `queue.unknown`; INVALID `queue.reason_missing`.
    """
    assert is_on or not always, "a line that is off is nobody's"
    return await _act(
        db,
        event,
        {"is_on": is_on, "always_in_line": always},
        facts=OperatorFacts(action="on" if is_on else "off", value="always" if always else "", reason=reason),
        actor=actor,
        now=now,
    )


async def halt_queue(db: Database, event: str, *, reason: str, actor: str | Actor, now: datetime) -> Queue:
    """Calls nobody and admits nobody until `resume_queue`. Raises as `switch_queue`."""
    facts = OperatorFacts(action="halt", value="", reason=reason)
    return await _act(db, event, {"halted_because": reason}, facts=facts, actor=actor, now=now)


async def resume_queue(db: Database, event: str, *, reason: str, actor: str | Actor, now: datetime) -> Queue:
    """Ends the halt. Raises as `switch_queue`."""
    facts = OperatorFacts(action="resume", value="", reason=reason)
    return await _act(db, event, {"halted_because": None}, facts=facts, actor=actor, now=now)


async def cap_rate(
    db: Database, event: str, people: int | None, *, reason: str, actor: str | Actor, now: datetime
) -> Queue:
    """Limits the rate to `people` a minute. 0 calls nobody. None: the policy's cap, which is never exceeded.

    Raises: as `switch_queue`; INVALID `queue.cap_above_policy`.
    """
    facts = OperatorFacts(action="cap", value="" if people is None else str(people), reason=reason)
    return await _act(db, event, {"rate_cap": people}, facts=facts, actor=actor, now=now)


async def expect_rate(
    db: Database, event: str, people: int, *, reason: str, actor: str | Actor, now: datetime
) -> Queue:
    """Starts with a rate of `people` a minute, known from a benchmark or another evening.

    It would take minutes to grow there from the floor. What the site shows afterwards counts as usual.

    Raises: as `switch_queue`; INVALID `queue.cap_above_policy`, `queue.expect_above_cap`.
    """
    facts = OperatorFacts(action="expect", value=str(people), reason=reason)
    return await _act(db, event, {}, rate=people, facts=facts, actor=actor, now=now)


async def announce(
    db: Database,
    event: str,
    note: Announcement,
    *,
    until: datetime | None = None,
    actor: str | Actor,
    now: datetime,
) -> Queue:
    """Shows a few words on every wait page within one poll, and on the site while people wait.

    Empty: no words. `until`: the controller takes them away then.
    Raises: as `switch_queue`; INVALID `queue.announcement_too_long`, `queue.announcement_over`.
    """
    if until is not None and until <= now:
        raise Refusal(Kind.INVALID, "queue.announcement_over")
    text = msgspec.json.encode(note)
    if len(text) > NOTE_BYTES_MAX + len(msgspec.json.encode(Announcement())):
        raise Refusal(Kind.INVALID, "queue.announcement_too_long", bytes_max=NOTE_BYTES_MAX)
    end = {} if until is None else {"until": int(until.timestamp())}
    facts = OperatorFacts(action="announce", value=text.decode(), reason=end_text(until))
    return await _act(db, event, {"note": msgspec.to_builtins(note) | end}, facts=facts, actor=actor, now=now)


def end_text(until: datetime | None) -> str:
    """The end of an announcement, as officers sign it and the public log has it; empty: none."""
    return "" if until is None else f"until {until.isoformat(timespec='minutes')}"


async def _act(
    db: Database,
    event: str,
    wishes: Mapping[str, object],
    *,
    rate: int | None = None,
    facts: OperatorFacts,
    actor: str | Actor,
    now: datetime,
) -> Queue:
    if (
        facts.action != "announce" and not facts.reason.strip()
    ):  # without a reason the public log would fail its audit for ever
        raise Refusal(Kind.INVALID, "queue.reason_missing")
    async with db.transaction() as tx:
        queue = await _locked(tx, event)
        for people in (wishes.get("rate_cap"), rate):
            if people is not None and int(str(people)) > queue.policy.rate_cap:
                raise Refusal(Kind.INVALID, "queue.cap_above_policy", policy=queue.policy.rate_cap)
        if rate is not None:
            if queue.rate_cap is not None and rate > queue.rate_cap:
                raise Refusal(Kind.INVALID, "queue.expect_above_cap", cap=queue.rate_cap)
            await queues.believe_rate(tx, queue.number, rate)
        for column, value in wishes.items():
            await queues.set_wish(tx, event, column, value)
        await log_rows.add_to_log(tx, queue.number, facts, now)
        await write_audit(
            tx,
            actor=actor,
            action=f"queue.{facts.action}",
            subject=f"queue {event}",
            facts={"value": facts.value, "reason": facts.reason},
            now=now,
        )
        return await _locked(tx, event)


async def _locked(tx: Connection, event: str) -> Queue:
    queue = await queues.lock_queue(tx, event)
    if queue is None:
        raise Refusal(Kind.NOT_FOUND, "queue.unknown", event=event)
    return queue
