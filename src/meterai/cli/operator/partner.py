"""`meterai partner`: the organisations of the chain of sale, and who acts for them."""

from __future__ import annotations

import uuid
from typing import Annotated

import msgspec
import typer

from meterai.cli.data_folder import DataOption
from meterai.cli.operator.shared.operator_database import with_database
from meterai.cli.operator.shared.operator_settings import given_reason, operator_name
from meterai.customers.contacts import canonical_contact
from meterai.customers.queries import customer_of_contact
from meterai.kernel.clock import business_date, system_clock
from meterai.kernel.money import format_rupiah
from meterai.kit.database import Database
from meterai.ledger.model import ISSUER
from meterai.partners.model import (
    Agreement,
    Block,
    MemberRole,
    Organisation,
    OrganisationRole,
    OrganisationState,
)
from meterai.partners.queries import organisations
from meterai.partners.queries.agreements import agreement_on
from meterai.partners.queries.quota import Quota, TreeQuota, blocks_of, quota_below, quota_of
from meterai.partners.use_cases import add_organisation as use_case
from meterai.partners.use_cases.set_member import end_membership, set_member

CodeArgument = Annotated[str, typer.Argument(help="The organisation's code.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")]
_BLOCKS_SHOWN = 20


class PartnerLine(msgspec.Struct, frozen=True, kw_only=True):
    """An organisation in the list of all."""

    depth: int
    organisation: Organisation
    quota: Quota


class PartnerPage(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one organisation."""

    organisation: Organisation
    quota: Quota
    below: TreeQuota
    agreement: Agreement | None
    members: list[organisations.Member]
    blocks: list[Block]


def list_partners(as_json: JsonOption = False, data: DataOption = None) -> None:
    """Show the tree of organisations with what each has."""

    async def work(db: Database) -> list[PartnerLine]:
        async with db.connection() as conn:
            return [
                PartnerLine(depth=depth, organisation=found, quota=await quota_of(conn, found.id))
                for depth, found in await organisations.tree_below(conn, ISSUER)
            ]

    lines = with_database(data, "meterai partner", work)
    if as_json:
        typer.echo(msgspec.json.encode(lines).decode())
        return
    for line in lines:
        typer.echo(_line(line))
    if not lines:
        typer.echo("There is no partner yet. Add one: meterai partner add")


def show_partner(code: CodeArgument, as_json: JsonOption = False, data: DataOption = None) -> None:
    """Show an organisation: stock, money, agreement, members and its last blocks."""

    async def work(db: Database) -> PartnerPage:
        async with db.connection() as conn:
            found = await organisations.find_by_code(conn, code)
            return PartnerPage(
                organisation=found,
                quota=await quota_of(conn, found.id),
                below=await quota_below(conn, found.id),
                agreement=await agreement_on(conn, found.id, business_date(system_clock())),
                members=await organisations.members_of(conn, found.id),
                blocks=await blocks_of(conn, found.id, limit=_BLOCKS_SHOWN),
            )

    page = with_database(data, "meterai partner", work)
    if as_json:
        typer.echo(msgspec.json.encode(page).decode())
        return
    _show(page)


def add_partner(
    code: Annotated[str, typer.Argument(help="A short name: small letters, digits, hyphens.")],
    name: Annotated[str, typer.Option(help="The name of the company.")],
    role: Annotated[OrganisationRole, typer.Option(help="Its place in the chain.")],
    below: Annotated[str, typer.Option(help="Code of its parent, or issuer.")] = use_case.ISSUER_CODE,
    npwp: Annotated[str | None, typer.Option(help="Its taxpayer number, digits only.")] = None,
    data: DataOption = None,
) -> None:
    """Add an organisation. It gets stamps by `meterai partner deposit` and `block`."""

    now = system_clock()

    async def work(db: Database) -> Organisation:
        async with db.connection() as conn:
            new = await use_case.named_organisation(
                conn, code, name=name, role=role, below=below, npwp=npwp, now=now
            )
        return await use_case.add_organisation(db, new, now=now, actor=operator_name())

    found = with_database(data, "meterai partner", work)
    typer.echo(f"Added {found.role} {found.code}: {found.name}, organisation {found.id}.")


def set_partner_state(
    code: CodeArgument,
    state: Annotated[OrganisationState, typer.Argument(help="What it becomes; closed is for good.")],
    reason: Annotated[str, typer.Option(help="Why; for the audit trail.")],
    data: DataOption = None,
) -> None:
    """Suspend an organisation, let it go on, or close it."""
    why = given_reason(reason)

    async def work(db: Database) -> Organisation:
        return await use_case.set_state(
            db,
            await organisation_id(db, code),
            state,
            now=system_clock(),
            reason=why,
            actor=operator_name(),
        )

    found = with_database(data, "meterai partner", work)
    typer.echo(f"{found.code} is {found.state}.")


def set_partner_member(
    code: CodeArgument,
    contact: Annotated[str, typer.Argument(help="Proven e-mail or phone of the person.")],
    role: Annotated[MemberRole | None, typer.Option(help="What the person may do.")] = None,
    end: Annotated[bool, typer.Option("--end", help="End the membership.")] = False,
    data: DataOption = None,
) -> None:
    """Say who acts for an organisation on the site. Its first member must be an owner."""
    if (role is None) is not end:
        raise typer.BadParameter("give --role, or --end", param_hint="--role")

    async def work(db: Database) -> None:
        now = system_clock()
        organisation, person = await organisation_id(db, code), await _customer(db, contact)
        if role is None:
            await end_membership(db, organisation, person, now=now, actor=operator_name())
        else:
            await set_member(db, organisation, person, role, now=now, actor=operator_name())

    with_database(data, "meterai partner", work)
    typer.echo(f"No member of {code} any more." if role is None else f"Member of {code}: {role}.")


async def organisation_id(db: Database, code: str) -> uuid.UUID:
    """The id of an organisation. Raises: Refusal NOT_FOUND `partner.unknown`."""
    return (await find(db, code)).id


async def find(db: Database, code: str) -> Organisation:
    """The organisation with a code. Raises: Refusal NOT_FOUND `partner.unknown`."""
    async with db.connection() as conn:
        return await organisations.find_by_code(conn, code)


async def _customer(db: Database, contact: str) -> uuid.UUID:
    found = await customer_of_contact(db, canonical_contact(contact))
    if found is None:
        raise typer.BadParameter("nobody has proven this contact on the site yet", param_hint="CONTACT")
    return found


def _line(line: PartnerLine) -> str:
    found, quota = line.organisation, line.quota
    state = "" if found.state is OrganisationState.ACTIVE else f", {found.state}"
    money = f"prepaid {format_rupiah(quota.prepaid)}, owes {format_rupiah(quota.credit_owed)}"
    return (
        f"{'  ' * (line.depth - 1)}{found.code} ({found.role}{state}): {quota.available:,} stamps, "
        f"{quota.used:,} used; {money}"
    )


def _show(page: PartnerPage) -> None:
    typer.echo(f"{page.organisation.name}, organisation {page.organisation.id}")
    typer.echo(_line(PartnerLine(depth=1, organisation=page.organisation, quota=page.quota)))
    below = page.below
    typer.echo(f"With {below.organisations - 1} below: {below.available:,} stamps, {below.used:,} used")
    if (terms := page.agreement) is not None:
        typer.echo(
            f"Agreement since {terms.valid_from}: {format_rupiah(terms.unit_price)} and a fee of "
            f"{format_rupiah(terms.service_fee)}, credit {format_rupiah(terms.credit_limit)}"
        )
    for member in page.members:
        typer.echo(f"Member {member.customer_id}: {member.role}")
    for block in page.blocks:
        way = "got" if block.receiver == page.organisation.id else "gave"
        typer.echo(
            f"Block {block.id}: {way} {block.pieces:,} on {block.at:%Y-%m-%d}, {block.paid_by}, "
            f"{block.returned:,} returned, unpaid {format_rupiah(block.unpaid)}"
        )
