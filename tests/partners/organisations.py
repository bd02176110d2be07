"""A chain of partners with stock, for tests of everything that partners do.

    chain = await make_chain(database.app, now=NOW)      # any Database with the rights of operators
    chain.distributor, .retailer, .enterprise, .collector, .sub_account     # Organisation of partners.model
    chain.enterprise.id, .account_holder; stock_account_id(chain.enterprise.id) is what stamping calls its lot

    issuer - distributor (1,000 stamps drawn from a deposit, 320 of them passed on)
                - retailer (200, prepaid)
                - enterprise (100, on credit; below it sub_account with 30 of them)
             collector (50 on account)

Its agreement lets the enterprise have 10 stamps for each document and 40 each day. The others have no such
limits.
The database must be one without recorded officers, and not in production.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from meterai.customers.organisations import ensure_organisations
from meterai.kernel.ids import new_id
from meterai.kit.database import Database
from meterai.ledger.model import ISSUER
from meterai.ledger.use_cases.open_books import open_books
from meterai.partners.model import NewOrganisation, Organisation, OrganisationRole, PaidBy, Terms
from meterai.partners.use_cases.add_organisation import add_organisation
from meterai.partners.use_cases.agree import agree
from meterai.partners.use_cases.move_stamps import pass_block
from meterai.partners.use_cases.record_money import record_deposit, record_payment

FACE = 10_000
PRICE = 10_200
"""What the distributor asks for a stamp."""
CREDIT = 5_000_000
"""Limit of the enterprise, the collector and the sub-account."""
OPERATOR = "test operator"
R = OrganisationRole


@dataclass
class Chain:
    """Organisations with stock."""

    distributor: Organisation
    retailer: Organisation
    enterprise: Organisation
    collector: Organisation
    sub_account: Organisation


async def make_chain(db: Database, *, now: datetime, name: str = "") -> Chain:
    """Makes the chain of the table above. `name`: makes codes and receipts of a second chain differ."""
    await ensure_organisations(db, now)
    await open_books(db, now=now)
    distributor = await organisation(db, f"dist{name}", R.DISTRIBUTOR, below=ISSUER, now=now)
    await deposit(db, distributor, 20_000_000, receipt=f"NTPN-{distributor.code}", now=now)
    await block(db, distributor, 1_000, PaidBy.DEPOSIT, now=now)

    retailer = await organisation(db, f"retail{name}", R.RETAILER, below=distributor.id, now=now)
    await agree(db, retailer.id, Terms(unit_price=PRICE, service_fee=100), now=now)
    await record_payment(db, retailer.id, reference="TRF-1", amount=3_000_000, now=now)
    await block(db, retailer, 200, PaidBy.FUNDS, now=now)

    enterprise = await organisation(db, f"firm{name}", R.ENTERPRISE, below=distributor.id, now=now)
    limits = Terms(unit_price=PRICE, credit_limit=CREDIT, stamps_per_document_max=10, stamps_per_day_max=40)
    await agree(db, enterprise.id, limits, now=now)
    await block(db, enterprise, 100, PaidBy.CREDIT, now=now)

    sub_account = await organisation(db, f"branch{name}", R.SUB_ACCOUNT, below=enterprise.id, now=now)
    await agree(db, sub_account.id, Terms(unit_price=PRICE, credit_limit=CREDIT), now=now)
    await block(db, sub_account, 30, PaidBy.CREDIT, now=now)

    collector = await organisation(db, f"collector{name}", R.COLLECTOR, below=ISSUER, now=now)
    await agree(db, collector.id, Terms(unit_price=FACE, credit_limit=CREDIT), now=now, actor=OPERATOR)
    await block(db, collector, 50, PaidBy.CREDIT, now=now)
    return Chain(distributor, retailer, enterprise, collector, sub_account)


async def organisation(
    db: Database, code: str, role: OrganisationRole, *, below: uuid.UUID, now: datetime
) -> Organisation:
    new = NewOrganisation(id=new_id(now), parent_id=below, name=f"PT {code}", role=role, code=code)
    return await add_organisation(db, new, now=now)


async def deposit(db: Database, to: Organisation, amount: int, *, receipt: str, now: datetime) -> None:
    """What a distributor paid into the treasury, as two officers record it."""
    await record_deposit(db, to.id, receipt=receipt, amount=amount, now=now, actor=OPERATOR)


async def block(db: Database, to: Organisation, pieces: int, paid_by: PaidBy, *, now: datetime) -> uuid.UUID:
    """Stamps from the parent of `to`. Gives the block's id."""
    made = await pass_block(db, new_id(now), to=to.id, pieces=pieces, paid_by=paid_by, now=now)
    return made.id
