"""`meterai partner deposit|agree|pay|block|return`: stamps and money of organisations."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from meterai.cli.data_folder import DataOption
from meterai.cli.operator.partner import CodeArgument, find
from meterai.cli.operator.shared.operator_database import with_database
from meterai.cli.operator.shared.operator_settings import operator_name
from meterai.cli.operator.shared.signing import SignatureOption, Signing, SignWithOption, released_by_two
from meterai.kernel.clock import system_clock
from meterai.kernel.ids import new_id
from meterai.kernel.money import format_rupiah
from meterai.kit.acting import Actor
from meterai.kit.database import Database, is_outage
from meterai.operations.use_cases.prepare_issue import prepare_distributors_deposit
from meterai.partners.model import Block, Organisation, PaidBy, Terms
from meterai.partners.use_cases import agree as agreeing
from meterai.partners.use_cases import record_money as money
from meterai.partners.use_cases.move_stamps import pass_block, take_back

_DAY = ["%Y-%m-%d"]
_CONNECTION = "meterai partner"
AmountArgument = Annotated[int, typer.Argument(min=1, help="Rupiah.")]
PiecesArgument = Annotated[int, typer.Argument(min=1, help="Stamps.")]
IdOption = Annotated[
    uuid.UUID | None, typer.Option("--id", help="From a run that was cut off: it is the same act, done once.")
]
ReceiptOption = Annotated[str, typer.Option(help="Number of the receipt; repeating it changes nothing.")]


def record_deposit(
    code: CodeArgument,
    amount: AmountArgument,
    receipt: ReceiptOption,
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
) -> None:
    """Record what a distributor deposited at the treasury. Blocks draw stamps against it.

    Two officers sign. Exit code 4: nothing is done yet, a signature is missing.
    """

    async def work(db: Database) -> bool:
        found = await prepare_distributors_deposit(
            db, code, receipt=receipt, amount=amount, now=system_clock()
        )
        actor = await released_by_two(
            db,
            Signing(sign_with, signature),
            kind=money.DEPOSIT,
            subject=found.reference,
            facts=found.facts,
        )
        return await money.record_deposit(
            db,
            found.organisation.id,
            receipt=found.reference,
            amount=amount,
            now=system_clock(),
            actor=actor,
        )

    is_new = with_database(data, _CONNECTION, work)
    typer.echo(_recorded(is_new, f"deposit {receipt.strip()} of {format_rupiah(amount)} by {code}"))


def record_payment(
    code: CodeArgument,
    amount: AmountArgument,
    receipt: ReceiptOption,
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
) -> None:
    """Record what an organisation paid its parent, or a collector the treasury: debts first.

    Right below the issuer two officers sign. Exit code 4: nothing is done yet, a signature is missing.
    """

    async def work(db: Database) -> bool:
        found = await money.prepare_payment(db, code, receipt=receipt, amount=amount)
        actor: str | Actor = operator_name()
        if found.needs_two:
            actor = await released_by_two(
                db,
                Signing(sign_with, signature),
                kind=money.PAYMENT,
                subject=found.reference,
                facts=found.facts,
            )
        return await money.record_payment(
            db,
            found.organisation.id,
            reference=found.reference,
            amount=amount,
            now=system_clock(),
            actor=actor,
        )

    is_new = with_database(data, _CONNECTION, work)
    typer.echo(_recorded(is_new, f"payment {receipt.strip()} of {format_rupiah(amount)} by {code}"))


def agree(
    code: CodeArgument,
    price: Annotated[
        int, typer.Option(min=0, help="Rupiah for a stamp; right below the issuer the face value.")
    ],
    fee: Annotated[int, typer.Option(min=0, help="Service fee for a stamp, with its VAT.")] = 0,
    credit: Annotated[int, typer.Option(min=0, help="Rupiah that it may owe.")] = 0,
    open_periods: Annotated[
        int, typer.Option(min=1, help="Of a collector: tax periods that may be unpaid.")
    ] = 1,
    per_document: Annotated[
        int | None, typer.Option(min=1, help="Stamps for each document, at most.")
    ] = None,
    per_day: Annotated[int | None, typer.Option(min=1, help="Stamps each day, at most.")] = None,
    signed: Annotated[bool, typer.Option("--signed", help="The API takes only signed requests.")] = False,
    plain: Annotated[
        bool, typer.Option("--plain-hashes", help="Sign hashes without signing-certificate-v2, too.")
    ] = False,
    first: Annotated[datetime | None, typer.Option("--from", formats=_DAY, help="First day (WIB).")] = None,
    last: Annotated[
        datetime | None, typer.Option("--until", formats=_DAY, help="Last day, included.")
    ] = None,
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
) -> None:
    """Agree on price, fee, limits and credit with an organisation, from a day on.

    Right below the issuer two officers sign. Exit code 4: nothing is done yet, a signature is missing.
    """
    terms = Terms(
        unit_price=price,
        service_fee=fee,
        valid_from=_day(first),
        valid_until=_day(last),
        stamps_per_document_max=per_document,
        stamps_per_day_max=per_day,
        credit_limit=credit,
        open_periods_max=open_periods,
        signed_requests=signed,
        plain_hashes=plain,
    )

    async def work(db: Database) -> bool:
        now = system_clock()
        found = await agreeing.prepare_agreement(db, code, terms, now=now)
        actor: str | Actor = operator_name()
        if found.needs_two:
            actor = await released_by_two(
                db, Signing(sign_with, signature), kind=agreeing.ACTION, subject=code, facts=found.facts
            )
        return await agreeing.agree(db, found.organisation.id, found.terms, now=now, actor=actor)

    is_new = with_database(data, _CONNECTION, work)
    typer.echo(_recorded(is_new, f"agreement with {code}"))


def pass_on(
    code: CodeArgument,
    pieces: PiecesArgument,
    by: Annotated[PaidBy, typer.Option(help="How the block is paid.")],
    id: IdOption = None,
    data: DataOption = None,
) -> None:
    """Pass a block of stamps from an organisation's parent to it."""

    async def work(db: Database, found: Organisation) -> Block:
        now = system_clock()
        with _repeatable(id or new_id(now)) as block_id:
            return await pass_block(
                db, block_id, to=found.id, pieces=pieces, paid_by=by, now=now, actor=operator_name()
            )

    block = _with_partner(data, code, work)
    price = format_rupiah(block.unit_price + block.service_fee)
    typer.echo(f"Block {block.id}: {block.pieces:,} stamps at {price} each for {code}.")


def return_pieces(
    code: CodeArgument,
    block: Annotated[uuid.UUID, typer.Argument(help="The block, from `meterai partner show`.")],
    pieces: PiecesArgument,
    id: IdOption = None,
    data: DataOption = None,
) -> None:
    """Take pieces of a block back from an organisation to its parent, with their money."""

    async def work(db: Database, found: Organisation) -> Block:
        now = system_clock()
        with _repeatable(id or new_id(now)) as return_id:
            return await take_back(
                db, return_id, block, pieces=pieces, seen_by=found.id, now=now, actor=operator_name()
            )

    left = _with_partner(data, code, work)
    typer.echo(f"{pieces:,} stamps are back. Of block {left.id} {left.pieces - left.returned:,} are left.")


@contextmanager
def _repeatable(act_id: uuid.UUID) -> Iterator[uuid.UUID]:
    """Gives the id of an act. Says how to repeat the act when the answer of the database was lost."""
    try:
        yield act_id
    except Exception as error:
        if is_outage(error):
            typer.echo(
                f"Nobody knows whether this was done. Run the command again with --id {act_id}: "
                "it is the same act then, and done once.",
                err=True,
            )
        raise


def _with_partner[R](
    data: Path | None, code: str, work: Callable[[Database, Organisation], Awaitable[R]]
) -> R:
    async def found(db: Database) -> R:
        return await work(db, await find(db, code))

    return with_database(data, _CONNECTION, found)


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _recorded(is_new: bool, what: str) -> str:
    return f"Recorded: {what}." if is_new else f"Recorded before, nothing changed: {what}."
