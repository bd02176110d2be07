"""Adds an officer's signature to a request. The last signature carries the act out, in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Final

import msgspec
from cryptography import x509

from meterai.kernel.money import format_rupiah
from meterai.kit import acting
from meterai.kit.acting import Actor, Signature
from meterai.kit.database import Connection, Database
from meterai.ledger.open_day import on_open_day
from meterai.news.apology.publish import publish_apology_in
from meterai.operations.officers.requests import ReleaseRequest
from meterai.operations.use_cases.enter_event import (
    CHANGE,
    CLOSE,
    FOLLOW_FILE,
    OPEN,
    EventAct,
    enter_event_in,
)
from meterai.operations.use_cases.enter_event import done as entered
from meterai.operations.use_cases.erase_person import erase_person_in
from meterai.operations.use_cases.stop_signing import resume_signing_in
from meterai.partners.model import Terms
from meterai.partners.queries.organisations import find_by_code
from meterai.partners.use_cases.agree import agree_in
from meterai.partners.use_cases.record_money import record_deposit_in, record_payment_in
from meterai.sales.use_cases.end_refund import end_refund_in, order_payout_again_in
from meterai.sales.use_cases.give_refund import give_refund_in
from meterai.sales.use_cases.give_refund import in_words as given_in_words
from meterai.sales.use_cases.issue_quota import issue_quota_in
from meterai.sales.use_cases.set_price import set_price_in
from meterai.stamping.use_cases.add_key import add_released_key


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a signature."""

    released: bool
    """False: another officer has to sign."""
    done: str = ""
    """What was carried out, in words. Empty: a process of the service carries it out."""


class _Work(msgspec.Struct, frozen=True, kw_only=True):
    """What carrying an act out needs."""

    tx: Connection
    subject: str
    facts: dict[str, object]
    actor: Actor
    roots: Callable[[], Sequence[x509.Certificate]]
    now: datetime


@on_open_day
async def sign_request(
    db: Database,
    request: ReleaseRequest,
    signed: Signature,
    *,
    roots: Callable[[], Sequence[x509.Certificate]],
    now: datetime,
) -> Signed:
    """Adds the signature, and carries the act out when it was the last one.

    If the act is refused, the signature is not used up and the request stays open. `roots`: what verifiers
    trust, for a key that is added.

    Raises: what `officers_refusals` and the act raise.
    """
    async with db.transaction() as tx:
        if not await acting.sign_release(tx, request.number, signed):
            return Signed(released=False)
        carry_out = _ACTS.get(request.kind)
        if carry_out is None:
            return Signed(released=True)
        names = ", ".join([*request.signed_by, signed.officer])
        actor = Actor(name=names, request=request.number)
        work = _Work(tx=tx, subject=request.subject, facts=request.facts, actor=actor, roots=roots, now=now)
        return Signed(released=True, done=await carry_out(work))


async def _issue(work: _Work) -> str:
    issued = await issue_quota_in(
        work.tx,
        pieces=int(str(work.facts["pieces"])),
        deposit_reference=work.subject,
        actor=work.actor,
        now=work.now,
    )
    return (
        f"Issued {issued.pieces:,} stamps for deposit {work.subject} of {format_rupiah(issued.amount)}. "
        f"The site can sell {issued.stock:,} stamps now, {issued.stock_before:,} before."
    )


async def _resume(work: _Work) -> str:
    found = await resume_signing_in(work.tx, reason=str(work.facts["reason"]), actor=work.actor, now=work.now)
    return f"The switch is released. Documents that wait to be stamped: {found.waiting}."


async def _add_key(work: _Work) -> str:
    key = await add_released_key(work.tx, work.facts, roots=work.roots(), actor=work.actor, now=work.now)
    return f"Added key {key.key_id}. Next: meterai keys list, then meterai keys activate."


async def _end_refund(work: _Work) -> str:
    ended = await end_refund_in(
        work.tx,
        uuid.UUID(work.subject),
        reason=str(work.facts["reason"]),
        actor=work.actor,
        now=work.now,
    )
    return f"The refund of {format_rupiah(ended.amount)} for order {ended.number} is booked as paid."


async def _pay_again(work: _Work) -> str:
    ordered = await order_payout_again_in(
        work.tx,
        uuid.UUID(work.subject),
        reason=str(work.facts["reason"]),
        actor=work.actor,
        now=work.now,
    )
    what = f"The payout of {format_rupiah(ordered.amount)} for order {ordered.number}"
    if ordered.goes_out:
        return f"{what} goes out again."
    return f"{what} is set off: the bank took the payment back meanwhile."


async def _give_refund(work: _Work) -> str:
    return given_in_words(
        await give_refund_in(work.tx, work.subject, work.facts, actor=work.actor, now=work.now)
    )


async def _erase_person(work: _Work) -> str:
    held = await erase_person_in(work.tx, work.subject, work.facts, actor=work.actor, now=work.now)
    return f"Erased person {work.subject}: {sum(held.values())} rows. The clean-up deletes the files."


async def _partner_deposit(work: _Work) -> str:
    organisation = await find_by_code(work.tx, str(work.facts["organisation"]))
    amount = int(str(work.facts["amount"]))
    await record_deposit_in(
        work.tx, organisation, receipt=work.subject, amount=amount, now=work.now, actor=work.actor
    )
    return f"Recorded deposit {work.subject} of {format_rupiah(amount)} by {organisation.code}."


async def _partner_payment(work: _Work) -> str:
    organisation = await find_by_code(work.tx, str(work.facts["organisation"]))
    amount = int(str(work.facts["amount"]))
    await record_payment_in(
        work.tx, organisation, reference=work.subject, amount=amount, now=work.now, actor=work.actor
    )
    return f"Recorded payment {work.subject} of {format_rupiah(amount)} by {organisation.code}."


async def _partner_agree(work: _Work) -> str:
    organisation = await find_by_code(work.tx, work.subject)
    terms = msgspec.convert(work.facts, Terms)
    await agree_in(work.tx, organisation, terms, now=work.now, actor=work.actor)
    return f"Agreed with {organisation.code} from {terms.valid_from} on."


async def _apologise(work: _Work) -> str:
    apology = await publish_apology_in(work.tx, int(work.subject), work.facts, actor=work.actor, now=work.now)
    return f"Published the apology for incident {apology.incident} at /kabar/{apology.incident}."


async def _set_price(work: _Work) -> str:
    await set_price_in(work.tx, work.subject, work.facts, actor=work.actor, now=work.now)
    return f"The fee is {format_rupiah(int(str(work.facts['fee'])))} from {work.subject} on."


async def _enter_event(kind: str, work: _Work) -> str:
    act = EventAct(kind=kind, slug=work.subject, facts=work.facts)
    return entered(work.subject, await enter_event_in(work.tx, act, actor=work.actor, now=work.now))


_ACTS: Final[dict[str, Callable[[_Work], Awaitable[str]]]] = {
    "quota.issue": _issue,
    "sealing.resume": _resume,
    "key.add": _add_key,
    "refund.end": _end_refund,
    "refund.again": _pay_again,
    "refund.give": _give_refund,
    "person.erase": _erase_person,
    "partner.deposit": _partner_deposit,
    "partner.payment": _partner_payment,
    "partner.agree": _partner_agree,
    "news.apologise": _apologise,
    "price.set": _set_price,
    **{kind: partial(_enter_event, kind) for kind in (OPEN, CHANGE, CLOSE, FOLLOW_FILE)},
}
"""Acts that the last signature carries out. A refund above the limit is paid by the worker."""
