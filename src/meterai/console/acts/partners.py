"""What officers of finance record of partners: deposits, payments, agreements."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from meterai.bootstrap import ConsoleApp
from meterai.console.acts.forms import Line, Sum
from meterai.console.acts.model import CarryOut, ConsoleAct, Prepare, Prepared, Word
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor
from meterai.operations.use_cases.prepare_issue import prepare_distributors_deposit
from meterai.partners.model import Organisation, Terms
from meterai.partners.use_cases import agree as agreeing
from meterai.partners.use_cases import record_money as money
from meterai.texts import acts_of_two as words
from meterai.texts.console_acts import ActWords

_Limit = Annotated[int, Meta(ge=1, le=2_147_483_647)]
_Price = Annotated[int, Meta(ge=0, le=1_000_000)]


class MoneyForm(msgspec.Struct, frozen=True, kw_only=True):
    """Money of a partner, by its receipt."""

    partner: Line
    amount: Annotated[int, Meta(ge=1, le=999_999_999_999_999)]
    receipt: Line


class TermsForm(msgspec.Struct, frozen=True, kw_only=True):
    """What is agreed with a partner."""

    partner: Line
    price: _Price
    service_fee: _Price = 0
    credit: Sum = 0
    periods: Annotated[int, Meta(ge=1, le=12)] = 1
    per_document: _Limit | None = None
    per_day: _Limit | None = None
    signed: bool = False
    plain: bool = False
    first: date | None = None
    last: date | None = None

    def terms(self) -> Terms:
        """As partners know them."""
        return Terms(
            unit_price=self.price,
            service_fee=self.service_fee,
            valid_from=self.first,
            valid_until=self.last,
            stamps_per_document_max=self.per_document,
            stamps_per_day_max=self.per_day,
            credit_limit=self.credit,
            open_periods_max=self.periods,
            signed_requests=self.signed,
            plain_hashes=self.plain,
        )


async def _look_at_deposit(app: ConsoleApp, form: MoneyForm) -> money.MoneyToRecord:
    return await prepare_distributors_deposit(
        app.db, form.partner, receipt=form.receipt, amount=form.amount, now=app.clock()
    )


async def _look_at_payment(app: ConsoleApp, form: MoneyForm) -> money.MoneyToRecord:
    found = await money.prepare_payment(app.db, form.partner, receipt=form.receipt, amount=form.amount)
    _refuse_further_down(needs_two=found.needs_two)
    return found


async def _look_at_terms(app: ConsoleApp, form: TermsForm) -> agreeing.TermsToSign:
    found = await agreeing.prepare_agreement(app.db, form.partner, form.terms(), now=app.clock())
    _refuse_further_down(needs_two=found.needs_two)
    return found


def _refuse_further_down(*, needs_two: bool) -> None:
    """The console keeps what two officers sign. Raises: Refusal INVALID `partner.parent_decides`."""
    if not needs_two:
        raise Refusal(Kind.INVALID, "partner.parent_decides")


async def _prepare_deposit(app: ConsoleApp, form: MoneyForm) -> Prepared:
    return _of_money(await _look_at_deposit(app, form))


async def _prepare_payment(app: ConsoleApp, form: MoneyForm) -> Prepared:
    return _of_money(await _look_at_payment(app, form))


def _of_money(found: money.MoneyToRecord) -> Prepared:
    figures = _figures(found.organisation)
    return Prepared(subject=found.reference, facts=found.facts, figures=figures)


async def _prepare_terms(app: ConsoleApp, form: TermsForm) -> Prepared:
    found = await _look_at_terms(app, form)
    assert found.terms.valid_from is not None
    figures = [*_figures(found.organisation), (words.FIRST_DAY, found.terms.valid_from)]
    return Prepared(subject=found.organisation.code, facts=found.facts, figures=figures)


def _figures(organisation: Organisation) -> list[tuple[str, Word | str | int]]:
    return [(words.NAME, organisation.name), (words.PLACE, Word(words.PLACES[organisation.role]))]


async def _record_deposit(app: ConsoleApp, form: MoneyForm, actor: Actor) -> None:
    found = await _look_at_deposit(app, form)
    await money.record_deposit(
        app.db,
        found.organisation.id,
        receipt=found.reference,
        amount=form.amount,
        now=app.clock(),
        actor=actor,
    )


async def _record_payment(app: ConsoleApp, form: MoneyForm, actor: Actor) -> None:
    found = await _look_at_payment(app, form)
    await money.record_payment(
        app.db,
        found.organisation.id,
        reference=found.reference,
        amount=form.amount,
        now=app.clock(),
        actor=actor,
    )


async def _agree(app: ConsoleApp, form: TermsForm, actor: Actor) -> None:
    found = await _look_at_terms(app, form)
    await agreeing.agree(app.db, found.organisation.id, found.terms, now=app.clock(), actor=actor)


def _act(
    kind: str,
    path: str,
    of: ActWords,
    *,
    form: type[msgspec.Struct],
    prepare: Prepare,
    carry_out: CarryOut,
) -> ConsoleAct:
    return ConsoleAct(
        kind=kind,
        path=path,
        group="partners",
        roles=frozenset({"finance"}),
        signatures=2,
        form=form,
        words=of,
        prepare=prepare,
        carry_out=carry_out,
    )


ACTS: Final = (
    _act(
        money.DEPOSIT,
        "catat-setoran",
        words.PARTNER_DEPOSIT,
        form=MoneyForm,
        prepare=_prepare_deposit,
        carry_out=_record_deposit,
    ),
    _act(
        money.PAYMENT,
        "catat-pembayaran",
        words.PARTNER_PAYMENT,
        form=MoneyForm,
        prepare=_prepare_payment,
        carry_out=_record_payment,
    ),
    _act(
        agreeing.ACTION,
        "buat-perjanjian",
        words.PARTNER_AGREEMENT,
        form=TermsForm,
        prepare=_prepare_terms,
        carry_out=_agree,
    ),
)
