"""Stock of the site: the issue of stamps that a deposit at the treasury has paid for."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from meterai.bootstrap import ConsoleApp
from meterai.console.acts.forms import Line
from meterai.console.acts.model import ConsoleAct, Prepared
from meterai.kernel.money import format_rupiah
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor
from meterai.operations.use_cases.prepare_issue import prepare_issue
from meterai.sales.use_cases.issue_quota import PIECES_MAX, issue_quota
from meterai.texts import acts_of_two as words


class IssueForm(msgspec.Struct, frozen=True, kw_only=True):
    """A deposit, and the stamps that it paid for."""

    deposit: Line
    stamps: Annotated[int, Meta(ge=1, le=PIECES_MAX)]


async def _prepare(app: ConsoleApp, form: IssueForm) -> Prepared:
    issue = await prepare_issue(app.db, pieces=form.stamps, deposit=form.deposit, now=app.clock())
    if issue.is_done:
        raise Refusal(Kind.CONFLICT, "stock.issued_before", deposit=issue.subject)
    return Prepared(
        subject=issue.subject,
        facts=issue.facts,
        figures=[
            (words.DEPOSITED, format_rupiah(issue.found.amount)),
            (words.STOCK_NOW, issue.found.stock_before),
            (words.STOCK_THEN, issue.found.stock),
        ],
    )


async def _issue(app: ConsoleApp, form: IssueForm, actor: Actor) -> None:
    await issue_quota(
        app.db, pieces=form.stamps, deposit_reference=form.deposit, actor=actor, now=app.clock()
    )


ACTS: Final = (
    ConsoleAct(
        kind="quota.issue",
        path="terbitkan-stok",
        group="stock",
        roles=frozenset({"finance"}),
        signatures=2,
        form=IssueForm,
        words=words.ISSUE_STOCK,
        prepare=_prepare,
        carry_out=_issue,
    ),
)
