"""`meterai order`: what officers do with the order of somebody who asks for help."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer

from meterai.cli.data_folder import DataOption
from meterai.cli.operator.shared.operator_database import with_database
from meterai.cli.operator.shared.operator_settings import given_reason, operator_name
from meterai.cli.operator.shared.signing import SignatureOption, Signing, SignWithOption, signed_by_one
from meterai.kernel.clock import system_clock
from meterai.kit.database import Database
from meterai.operations.use_cases import retry_stamping as retrying
from meterai.sales.support.use_cases import ask_gateway as asking
from meterai.sales.support.use_cases import ask_to_cancel as cancelling
from meterai.sales.support.use_cases import change_contact as moving
from meterai.sales.support.use_cases import send_link as sending

NumberArgument = Annotated[str, typer.Argument(help="Number of the order, such as 7KQF-2M9D-4XWH.")]
ReasonOption = Annotated[str, typer.Option(help="Why; for the audit trail. It names nobody.")]


def retry_stamping(number: NumberArgument, reason: ReasonOption, data: DataOption = None) -> None:
    """Try the stamping of an order's documents again now, with the same serial numbers.

    It would be tried by itself, but later. A document that can't be stamped is not tried: its owner replaces
    it or asks the money back.
    """
    why, officer = given_reason(reason), operator_name()
    tried = _run(
        data,
        lambda db: retrying.retry_stamping(db, number, officer=officer, reason=why, now=system_clock()),
    )
    typer.echo(f"Tried again now: {tried}." if tried else "A worker is at it already.")


def ask_gateway(number: NumberArgument, reason: ReasonOption, data: DataOption = None) -> None:
    """Ask the gateway again about an order's payments. What it answers is booked within seconds."""
    why, officer = given_reason(reason), operator_name()
    asked = _run(
        data, lambda db: asking.ask_gateway(db, number, officer=officer, reason=why, now=system_clock())
    )
    typer.echo(f"The worker asks within seconds. Attempts to pay: {asked}.")


def send_link(number: NumberArgument, reason: ReasonOption, data: DataOption = None) -> None:
    """Send the link of an order to its own contact. Three times a day at most."""
    why, officer = given_reason(reason), operator_name()
    _run(data, lambda db: sending.send_link(db, number, officer=officer, reason=why, now=system_clock()))
    typer.echo("The link goes to the contact of the order.")


def cancel_order(number: NumberArgument, reason: ReasonOption, data: DataOption = None) -> None:
    """Cancel an order that is not paid. The worker closes its charge at the gateway first.

    If the money comes in this very moment, the order is paid and goes on.
    """
    why, officer = given_reason(reason), operator_name()
    _run(
        data,
        lambda db: cancelling.ask_to_cancel(db, number, officer=officer, reason=why, now=system_clock()),
    )
    typer.echo("The worker cancels it within seconds, unless it is paid in this very moment.")


def change_contact(
    number: NumberArgument,
    to: Annotated[str, typer.Option("--to", help="The e-mail address or telephone number it moves to.")],
    proof: Annotated[
        str,
        typer.Option(help="How the person proved who they are: the case's number, and what they knew."),
    ],
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
) -> None:
    """Move a paid order to another contact, after the person proved who they are.

    Its links end. Both contacts are told. An officer with the role support signs.
    """

    async def work(db: Database) -> moving.ContactMove:
        async with db.connection() as connection:
            move = await moving.prepare_move(connection, number, to, proof)
        actor = await signed_by_one(
            db,
            Signing(sign_with, signature),
            kind=moving.ACT,
            subject=move.order.number,
            facts=move.facts,
        )
        await moving.change_contact(db, move, actor=actor, now=system_clock())
        return move

    move = _run(data, work)
    typer.echo(f"{move.order.number} moves to {move.to.masked}. Both contacts are told within seconds.")


def _run[R](data: Path | None, work: Callable[[Database], Awaitable[R]]) -> R:
    return with_database(data, "meterai order", work)
