"""`meterai refunds`: refunds that wait for an officer's decision, and refunds by hand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated
from uuid import UUID

import msgspec
import typer

from meterai.cli.data_folder import DataOption
from meterai.cli.operator.shared.operator_database import with_database
from meterai.cli.operator.shared.operator_settings import given_reason
from meterai.cli.operator.shared.signing import SignatureOption, Signing, SignWithOption, released_by_two
from meterai.kernel.clock import system_clock
from meterai.kernel.money import format_rupiah
from meterai.kit.database import Database
from meterai.sales.bank_account import BANKS, BankAccount, read_bank_account
from meterai.sales.model import RefundChannel, refund_key
from meterai.sales.queries.refunds import RefundInDoubt, refunds_in_doubt
from meterai.sales.use_cases import end_refund as use_case
from meterai.sales.use_cases import give_refund as giving


def list_refunds(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")] = False,
    data: DataOption = None,
) -> None:
    """Show the refunds that wait for an officer.

    Their money went out in another way, or may have gone out a day ago. Or the payout provider has not
    approved their payout, or does not know it.
    """
    found = _run(data, refunds_in_doubt)
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
        return
    for refund in found:
        typer.echo(_told(refund))
    if not found:
        typer.echo("No refund waits for an officer.")


def _told(refund: RefundInDoubt) -> str:
    """Describes a refund, on lines that no terminal breaks within an id."""
    way = "refund by the gateway" if refund.channel is RefundChannel.GATEWAY else "payout"
    there = f", at the provider {refund.reference}" if refund.reference else ""
    return (
        f"{refund.id}\n"
        f"  {format_rupiah(refund.amount)} of order {refund.number}, payment {refund.payment}\n"
        f"  {way} {refund_key(refund.id, refund.channel, refund.round)}{there}\n"
        f"  since {refund.created_at.astimezone():%d %b %Y %H:%M %Z}: {refund.code}"
    )


def end_refund(
    refund: Annotated[UUID, typer.Argument(help="Its id, from `meterai refunds list`.")],
    reason: Annotated[str, typer.Option(help="What was paid and how; for the audit trail.")],
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
) -> None:
    """Book a refund as paid once all that is owed has reached the customer. This command moves no money.

    Two officers sign. Exit code 4: nothing is done yet, a signature is missing.
    """
    ended = _decide("refund.end", data, refund, reason, Signing(sign_with, signature))
    typer.echo(f"The refund of {format_rupiah(ended.amount)} for order {ended.number} is booked as paid.")


def order_payout_again(
    refund: Annotated[UUID, typer.Argument(help="Its id, from `meterai refunds list`.")],
    reason: Annotated[str, typer.Option(help="How you know that it never went out; for the audit trail.")],
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
) -> None:
    """Order a payout again, under a new id.

    For payouts that the provider never had (`payout.unsure`), or no longer knows (`payout.missing`). Two
    officers sign. Exit code 4: nothing is done yet, a signature is missing.
    """
    ordered = _decide("refund.again", data, refund, reason, Signing(sign_with, signature))
    what = f"payout of {format_rupiah(ordered.amount)} for order {ordered.number}"
    if ordered.goes_out:
        typer.echo(f"The {what} goes out again.")
    else:
        typer.echo(f"The {what} is set off: the bank took the payment back meanwhile.")


def give_refund(
    order: Annotated[str, typer.Argument(help="Number of the order, such as 7KQF-2M9D-4XWH.")],
    pieces: Annotated[int, typer.Argument(min=1, help="Unused stamps that are given back.")],
    reason: Annotated[
        str,
        typer.Option(help="Why, such as a court's decision. It stays in the audit trail and names nobody."),
    ],
    item: Annotated[
        int, typer.Option(min=1, help="Which item of the order, counted from 1. Quota is one item.")
    ] = 1,
    bank: Annotated[str | None, typer.Option(help=f"Bank of the account: {', '.join(BANKS)}.")] = None,
    account: Annotated[str | None, typer.Option(help="Number of the account that gets the money.")] = None,
    holder: Annotated[str | None, typer.Option(help="Holder of the account.")] = None,
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
) -> None:
    """Give unused stamps of a paid order back for their whole price, by the decision of two officers.

    For people that can't ask themselves: they have lost their contact, or a court decides. The money goes
    back by the gateway. Paid by virtual account, it goes to the account after the wait; without one the
    customer names it. Two officers sign. Exit code 4: nothing is done yet, a signature is missing.
    """
    wanted = giving.RefundToGive(
        order=order,
        item=item,
        pieces=pieces,
        reason=given_reason(reason),
        account=_account(bank, account, holder),
    )
    signing = Signing(sign_with, signature)

    async def work(db: Database) -> giving.GivenRefund:
        found = await giving.prepare_refund(db, wanted)
        actor = await released_by_two(
            db, signing, kind=giving.KIND, subject=found.subject, facts=found.facts, person=found.person
        )
        return await giving.give_refund(db, found.subject, found.facts, actor=actor, now=system_clock())

    typer.echo(giving.in_words(_run(data, work)))


def _account(bank: str | None, number: str | None, holder: str | None) -> BankAccount | None:
    """Raises: typer.BadParameter when only a part of an account is named; what `read_bank_account` raises."""
    if bank is None and number is None and holder is None:
        return None
    if not (bank and number and holder):
        raise typer.BadParameter("name bank, number and holder", param_hint="--bank, --account, --holder")
    return read_bank_account(bank, number, holder)


def _decide(
    kind: str, data: Path | None, refund: UUID, reason: str, signing: Signing
) -> use_case.DecidedRefund:
    why, again = given_reason(reason), kind == "refund.again"
    decision = use_case.order_payout_again if again else use_case.end_refund

    async def work(db: Database) -> use_case.DecidedRefund:
        found = await use_case.prepare_decision(db, refund, reason=why, again=again)
        actor = await released_by_two(
            db, signing, kind=kind, subject=str(refund), facts=found.facts, person=found.person
        )
        return await decision(db, refund, reason=why, actor=actor, now=system_clock())

    return _run(data, work)


def _run[R](data: Path | None, work: Callable[[Database], Awaitable[R]]) -> R:
    return with_database(data, "meterai refunds", work)
