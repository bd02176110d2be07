"""`meterai client wire`, `login` and `end-login`: access by user name and password (docs/wire.md)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from meterai.cli.data_folder import DataOption
from meterai.cli.operator.clients import ClientArgument, CodeArgument, ReasonOption, id_of
from meterai.cli.operator.shared.operator_database import with_database
from meterai.cli.operator.shared.operator_settings import given_reason
from meterai.cli.operator.shared.signing import SignatureOption, Signing, SignWithOption, signed_by_one
from meterai.kernel.clock import system_clock
from meterai.kernel.typed_ids import Prefix, write_id
from meterai.kit.database import Database
from meterai.partners.logins import officers_acts
from meterai.partners.logins.model import MadeLogin
from meterai.partners.queries.organisations import find_by_code

_COMMAND = "meterai client"


class Switch(StrEnum):
    """How the wire shall be."""

    ON = "on"
    OFF = "off"


def switch_wire(
    code: CodeArgument,
    to: Annotated[Switch, typer.Argument(help="on or off.")],
    reason: ReasonOption,
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
) -> None:
    """Switch access by user name and password for an organisation. Off counts within five seconds."""
    why, on = given_reason(reason), to is Switch.ON

    async def work(db: Database) -> None:
        async with db.connection() as connection:
            organisation = await find_by_code(connection, code)
        actor = await signed_by_one(
            db,
            Signing(sign_with, signature),
            kind="client.wire",
            subject=write_id(Prefix.ORGANISATION, organisation.id),
            facts={"on": on, "reason": why},
        )
        now = system_clock()
        await officers_acts.switch_wire(db, organisation.id, on=on, reason=why, actor=actor, now=now)

    with_database(data, _COMMAND, work)
    typer.echo(f"The wire is {to} for {code}.")


def add_login(
    client: ClientArgument,
    user: Annotated[str, typer.Option("--user", help="The user name, such as an e-mail address.")],
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
) -> None:
    """Give a client a user name and a password, which is printed once."""
    client_id = id_of(Prefix.CLIENT, client)

    async def work(db: Database) -> MadeLogin:
        actor = await signed_by_one(
            db, Signing(sign_with, signature), kind="client.login_add", subject=client, facts={"user": user}
        )
        return await officers_acts.add_login(db, client_id, user=user, actor=actor, now=system_clock())

    made = with_database(data, _COMMAND, work)
    typer.echo(f"user:     {made.user}")
    typer.echo(f"password: {made.password}")
    typer.echo("Give both to the partner. The password can't be shown again.")


def end_login(
    user: Annotated[str, typer.Argument(help="The user name.")],
    reason: ReasonOption,
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
) -> None:
    """End a login for good. Within five seconds every process refuses its tokens."""
    why = given_reason(reason)

    async def work(db: Database) -> None:
        actor = await signed_by_one(
            db, Signing(sign_with, signature), kind="client.login_end", subject=user, facts={"reason": why}
        )
        await officers_acts.end_login(db, user, reason=why, actor=actor, now=system_clock())

    with_database(data, _COMMAND, work)
    typer.echo(f"{user} has ended.")
