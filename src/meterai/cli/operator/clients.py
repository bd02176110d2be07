"""`meterai client`: the clients of the API, which are programs of partners, and their keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import msgspec
import typer

from meterai.cli.data_folder import DataOption
from meterai.cli.operator.shared.operator_database import with_database
from meterai.cli.operator.shared.operator_settings import given_reason
from meterai.cli.operator.shared.signing import SignatureOption, Signing, SignWithOption, signed_by_one
from meterai.kernel.clock import system_clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.typed_ids import Prefix, read_id, write_id
from meterai.kit.database import Database
from meterai.partners.clients.model import ALL_RIGHTS, Client, Limits
from meterai.partners.clients.public_keys import PublicKey, read_public_key
from meterai.partners.clients.queries import clients_of, find_client
from meterai.partners.logins.model import KeptLogin, WireAccess
from meterai.partners.logins.queries import logins_of, wire_access
from meterai.partners.queries.organisations import find_by_code
from meterai.partners.use_cases.add_client_key import add_client_key
from meterai.partners.use_cases.change_client import change_client as change
from meterai.partners.use_cases.change_client import check_limits, facts_of, limits_with
from meterai.partners.use_cases.end_client_key import end_client_key, ending_facts
from meterai.partners.use_cases.register_client import register_client, registering_facts
from meterai.partners.use_cases.revoke_client import revoke_client as revoke

CodeArgument = Annotated[str, typer.Argument(help="Code of the organisation, such as bank-raya.")]
ClientArgument = Annotated[str, typer.Argument(help="Id of the client, such as cli_01j9....")]
KeyArgument = Annotated[str, typer.Argument(help="Id of the key, such as key_01j9....")]
KeyOption = Annotated[
    Path, typer.Option("--key", help="File with the partner's public key: PEM, or a JWK.", exists=True)
]
ScopesOption = Annotated[
    list[str] | None, typer.Option("--scope", help="What it may do; repeat it. Without: everything.")
]
NetworksOption = Annotated[
    list[str] | None,
    typer.Option("--network", help="From where it may call, such as 203.0.113.0/24; repeat it."),
]
HourOption = Annotated[
    int | None, typer.Option("--hour-max", help="Stamps that it may spend in an hour; 0: no cap.")
]
DayOption = Annotated[
    int | None, typer.Option("--day-max", help="Stamps that it may spend in a day (WIB); 0: no cap.")
]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; for the audit trail.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")]
_COMMAND = "meterai client"


def list_clients(code: CodeArgument, as_json: JsonOption = False, data: DataOption = None) -> None:
    """Show the clients of an organisation, with their limits and keys."""

    async def work(db: Database) -> tuple[list[Client], list[KeptLogin], WireAccess | None]:
        async with db.connection() as connection:
            organisation = await find_by_code(connection, code)
        found = await clients_of(db, organisation.id, now=system_clock())
        return found, await logins_of(db, organisation.id), await wire_access(db, organisation.id)

    (found, logins, wire), now = with_database(data, _COMMAND, work), system_clock()
    if as_json:
        typer.echo(msgspec.json.encode([_facts(client, logins) for client in found]).decode())
        return
    for client in found:
        typer.echo(_told(client, logins, now))
    if not found:
        typer.echo("It has no client.")
    elif wire is not None:
        typer.echo(f"The wire is on since {wire.on_at:%Y-%m-%d}.")


def add_client(
    code: CodeArgument,
    name: Annotated[str, typer.Option(help="A name for it, such as the program's.")],
    key: KeyOption,
    scopes: ScopesOption = None,
    networks: NetworksOption = None,
    hour_max: HourOption = None,
    day_max: DayOption = None,
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
) -> None:
    """Register a client with its first key. It can call at once."""
    public, limits = (
        _read(key),
        limits_with(ALL_RIGHTS, scopes=scopes or (), networks=networks, hour_max=hour_max, day_max=day_max),
    )
    check_limits(limits)

    async def work(db: Database) -> tuple[UUID, UUID]:
        async with db.connection() as connection:
            organisation = await find_by_code(connection, code)
        actor = await signed_by_one(
            db,
            Signing(sign_with, signature),
            kind="client.add",
            subject=write_id(Prefix.ORGANISATION, organisation.id),
            facts=registering_facts(name, limits, public),
        )
        made = await register_client(
            db, organisation.id, name=name, limits=limits, key=public, actor=actor, now=system_clock()
        )
        return made.client_id, made.key_id

    client_id, key_id = with_database(data, _COMMAND, work)
    typer.echo(f"client_id: {write_id(Prefix.CLIENT, client_id)}")
    typer.echo(f"kid:       {write_id(Prefix.KEY, key_id)}")
    typer.echo("Give both to the partner: docs/partners.md#access says how the program gets its tokens.")


def change_client(
    client: ClientArgument,
    scopes: ScopesOption = None,
    networks: NetworksOption = None,
    any_network: Annotated[bool, typer.Option("--any-network", help="It may call from anywhere.")] = False,
    hour_max: HourOption = None,
    day_max: DayOption = None,
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
) -> None:
    """Change what a client may do. What is not named stays. It counts within five seconds."""
    client_id = id_of(Prefix.CLIENT, client)

    async def work(db: Database) -> Limits:
        found = await find_client(db, client_id, now=system_clock())
        if found is None:
            raise Refusal(Kind.NOT_FOUND, "client.unknown")
        limits = limits_with(
            found.limits,
            scopes=scopes or (),
            networks=[] if any_network else networks,
            hour_max=hour_max,
            day_max=day_max,
        )
        check_limits(limits)
        actor = await signed_by_one(
            db, Signing(sign_with, signature), kind="client.change", subject=client, facts=facts_of(limits)
        )
        await change(db, client_id, limits, actor=actor, now=system_clock())
        return limits

    for line in _lines(with_database(data, _COMMAND, work)):
        typer.echo(line)


def revoke_client(
    client: ClientArgument,
    reason: ReasonOption,
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
) -> None:
    """End a client for good. Within five seconds every process refuses its tokens."""
    client_id, why = id_of(Prefix.CLIENT, client), given_reason(reason)

    async def work(db: Database) -> None:
        actor = await signed_by_one(
            db, Signing(sign_with, signature), kind="client.revoke", subject=client, facts={"reason": why}
        )
        await revoke(db, client_id, reason=why, actor=actor, now=system_clock())

    with_database(data, _COMMAND, work)
    typer.echo(f"{client} is revoked.")


def add_key(
    client: ClientArgument,
    key: KeyOption,
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
) -> None:
    """Give a client a further key. It counts at once, beside those that it has."""
    client_id, public = id_of(Prefix.CLIENT, client), _read(key)

    async def work(db: Database) -> UUID:
        actor = await signed_by_one(
            db,
            Signing(sign_with, signature),
            kind="client.key_add",
            subject=client,
            facts={"key": public.thumbprint()},
        )
        return await add_client_key(db, client_id, public, actor=actor, now=system_clock())

    typer.echo(f"kid: {write_id(Prefix.KEY, with_database(data, _COMMAND, work))}")


def end_key(
    key: KeyArgument,
    reason: ReasonOption,
    at: Annotated[
        datetime | None, typer.Option(help="When, in UTC; without: now.", formats=["%Y-%m-%dT%H:%M"])
    ] = None,
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
) -> None:
    """End a key, now or at a time. Then its signatures and the tokens that it got count no more."""
    key_id, why = id_of(Prefix.KEY, key), given_reason(reason)
    ends_at = None if at is None else at.replace(tzinfo=UTC)

    async def work(db: Database) -> datetime:
        actor = await signed_by_one(
            db,
            Signing(sign_with, signature),
            kind="client.key_end",
            subject=key,
            facts=ending_facts(why, ends_at),
        )
        now = system_clock()
        return await end_client_key(db, key_id, at=ends_at or now, reason=why, actor=actor, now=now)

    ended = with_database(data, _COMMAND, work)
    typer.echo(f"{key} ends at {ended:%Y-%m-%d %H:%M:%S} UTC.")


def _read(file: Path) -> PublicKey:
    try:
        return read_public_key(file.read_bytes())
    except OSError as error:
        raise typer.BadParameter(str(error), param_hint="--key") from None


def id_of(prefix: Prefix, text: str) -> UUID:
    """The id that was typed. Raises: typer.BadParameter."""
    found = read_id(prefix, text)
    if found is None:
        raise typer.BadParameter(f"an id begins with {prefix}_ and has 26 characters after it")
    return found


def _facts(client: Client, logins: Sequence[KeptLogin]) -> dict[str, object]:
    return {
        "id": write_id(Prefix.CLIENT, client.id),
        "name": client.name,
        **facts_of(client.limits),
        "created_at": client.created_at,
        "revoked_at": client.revoked_at,
        "keys": [
            {
                "id": write_id(Prefix.KEY, key.id),
                "thumbprint": key.thumbprint,
                "added_at": key.added_at,
                "ends_at": key.ends_at,
            }
            for key in client.keys
        ],
        "logins": [
            {"user": login.user, "made_at": login.made_at, "used_at": login.used_at}
            for login in logins
            if login.client_id == client.id
        ],
    }


def _told(client: Client, logins: Sequence[KeptLogin], now: datetime) -> str:
    state = f"revoked {client.revoked_at:%Y-%m-%d}" if client.revoked_at else "active"
    lines = [f"{write_id(Prefix.CLIENT, client.id)}  {client.name}  {state}"]
    lines += [f"  {line}" for line in _lines(client.limits)]
    for key in client.keys:
        end = (
            ""
            if key.ends_at is None
            else f", {'ends' if key.counts(now) else 'ended'} {key.ends_at:%Y-%m-%d %H:%M} UTC"
        )
        lines.append(f"  {write_id(Prefix.KEY, key.id)}  since {key.added_at:%Y-%m-%d}{end}")
    lines += [
        f"  user {login.user}  since {login.made_at:%Y-%m-%d}"
        for login in logins
        if login.client_id == client.id
    ]
    return "\n".join(lines)


def _lines(limits: Limits) -> list[str]:
    def cap(most: int | None) -> str:
        return "no cap" if most is None else f"{most:,} stamps"

    return [
        f"may: {' '.join(sorted(limits.scopes))}",
        f"from: {' '.join(limits.networks) or 'anywhere'}",
        f"by hour: {cap(limits.stamps_per_hour_max)}; by day: {cap(limits.stamps_per_day_max)}",
    ]
