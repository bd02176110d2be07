"""Acts on the organisations of the chain of sale."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from meterai.bootstrap import ConsoleApp
from meterai.console.acts.forms import Line
from meterai.console.acts.model import ConsoleAct, Prepared, Word
from meterai.kit.acting import Actor
from meterai.ledger.model import ISSUER
from meterai.partners.model import NewOrganisation, OrganisationRole
from meterai.partners.queries.organisations import find_organisation
from meterai.partners.use_cases import add_organisation as adding
from meterai.texts import partner_acts as words


class PartnerForm(msgspec.Struct, frozen=True, kw_only=True):
    """A new organisation."""

    code: Line
    company: Annotated[str, Meta(min_length=1, max_length=adding.NAME_LENGTH_MAX)]
    role: OrganisationRole
    below: Line = adding.ISSUER_CODE
    npwp: Line | None = None


async def _named(app: ConsoleApp, form: PartnerForm) -> NewOrganisation:
    async with app.db.connection() as connection:
        return await adding.named_organisation(
            connection,
            form.code,
            name=form.company,
            role=form.role,
            below=form.below,
            npwp=form.npwp,
            now=app.clock(),
        )


async def _prepare(app: ConsoleApp, form: PartnerForm) -> Prepared:
    new = await _named(app, form)
    return Prepared(
        subject=new.code,
        facts={},
        figures=[(words.PARENT, await _parent(app, new))],
    )


async def _parent(app: ConsoleApp, new: NewOrganisation) -> Word | str:
    if new.parent_id == ISSUER:
        return Word(words.ISSUER)
    async with app.db.connection() as connection:
        return (await find_organisation(connection, new.parent_id)).name


async def _add(app: ConsoleApp, form: PartnerForm, actor: Actor) -> None:
    await adding.add_organisation(app.db, await _named(app, form), now=app.clock(), actor=actor)


ACTS: Final = (
    ConsoleAct(
        kind="partner.add",
        path="tambah-mitra",
        group="partners",
        roles=frozenset({"admin"}),
        signatures=0,
        form=PartnerForm,
        words=words.ADD_PARTNER,
        prepare=_prepare,
        carry_out=_add,
    ),
)
