"""Puts the sandbox in place: a distributor whose test stamps go to the organisations of members."""

from __future__ import annotations

from datetime import datetime

import structlog

from meterai.kernel.ids import derived_id
from meterai.kernel.refusals import Refusal
from meterai.kit.database import Database
from meterai.ledger.model import ISSUER
from meterai.partners.model import NewOrganisation, OrganisationRole, PaidBy
from meterai.partners.sandbox.model import DEPOSIT, DISTRIBUTOR_CODE, DISTRIBUTOR_ID, FACE_VALUE, STOCK
from meterai.partners.use_cases.add_organisation import add_organisation
from meterai.partners.use_cases.move_stamps import pass_block
from meterai.partners.use_cases.record_money import record_deposit

log = structlog.get_logger(__name__)
_ACTOR = "meterai up"


async def open_sandbox(db: Database, *, now: datetime) -> None:
    """Adds the distributor, its deposit and the stamps drawn from it. Safe to repeat at every start.

    Where officers are recorded, a deposit needs two of them. Then the distributor stays without stamps until
    they record one.
    """
    new = NewOrganisation(
        id=DISTRIBUTOR_ID,
        parent_id=ISSUER,
        name="Distributor Uji",
        role=OrganisationRole.DISTRIBUTOR,
        code=DISTRIBUTOR_CODE,
    )
    await add_organisation(db, new, now=now, actor=_ACTOR)
    try:
        await record_deposit(
            db, DISTRIBUTOR_ID, receipt=DEPOSIT, amount=STOCK * FACE_VALUE, now=now, actor=_ACTOR
        )
    except Refusal as refusal:
        if refusal.code != "officer.unsigned":
            raise
        log.warning("sandbox_without_stock", organisation=DISTRIBUTOR_CODE)
        return
    block = derived_id("block", DEPOSIT)
    await pass_block(
        db, block, to=DISTRIBUTOR_ID, pieces=STOCK, paid_by=PaidBy.DEPOSIT, now=now, actor=_ACTOR
    )
