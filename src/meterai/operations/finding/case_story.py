"""Finds cases, and tells the story of one: what was written, the answers, its orders, and who did what."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec

from meterai.cases.model import CaseKind, CaseState, read_case_number
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database, call
from meterai.operations.finding.story import OfficersAct
from meterai.sales.model import Flow, OrderState


class CaseHit(msgspec.Struct, frozen=True, kw_only=True):
    """A case that was found. The contact is masked."""

    number: str
    kind: CaseKind
    state: CaseState
    contact: str | None = None
    opened_at: datetime
    changed_at: datetime


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An officer's answer."""

    officer: str
    at: datetime
    text: str


class OrderOfCase(msgspec.Struct, frozen=True, kw_only=True):
    """An order of the same contact. `is_named`: the case names it."""

    number: str
    state: OrderState
    flow: Flow
    total: int
    created_at: datetime
    is_named: bool


class WaitingMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message to the contact that is not sent yet."""

    at: datetime
    attempts: int


class CaseStory(msgspec.Struct, frozen=True, kw_only=True):
    """All that happened to a case. Contacts and long numbers are masked while `shown_until` is None."""

    shown_until: datetime | None
    number: str
    kind: CaseKind
    state: CaseState
    is_proven: bool
    """The sender was signed in with the contact."""
    is_erased: bool
    language: str
    opened_at: datetime
    changed_at: datetime
    contact: str | None
    about: str
    text: str
    answers: tuple[Answer, ...]
    orders: tuple[OrderOfCase, ...]
    cases: tuple[CaseHit, ...]
    """Others of the same contact."""
    waiting: tuple[WaitingMessage, ...]
    acts: tuple[OfficersAct, ...]


async def tell_case(db: Database, number: str, *, session: uuid.UUID | None, now: datetime) -> CaseStory:
    """Tells the story of a case. `session`: of the officer who reads it; None: personal data is masked.

    Raises: Refusal NOT_FOUND `find.no_case`.
    """
    async with db.connection() as connection:
        found = await connection.fetchval(
            call("operations.case_story", 3), read_case_number(number), session, now
        )
    if found is None:
        raise Refusal(Kind.NOT_FOUND, "find.no_case")
    return msgspec.convert(found, CaseStory)
