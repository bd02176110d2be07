"""The organisations every installation has: the treasury, the issuer, its distributor, and we who sell."""

from __future__ import annotations

from datetime import datetime

from meterai.customers import store
from meterai.kernel.ids import derived_id
from meterai.kit.database import Database

# The ledger derives the same ids for itself (a test compares): neither context imports the other.
TREASURY = derived_id("organisation", "treasury")
"""Where the duty goes. It has no login and no account: what is paid there stands in others' books."""
ISSUER = derived_id("organisation", "issuer")
DISTRIBUTOR = derived_id("organisation", "distributor")
SELLER = derived_id("organisation", "seller")

_NAMES = {
    TREASURY: ("Kas negara", "treasury"),
    ISSUER: ("Penerbit meterai elektronik", "issuer"),
    DISTRIBUTOR: ("Distributor meterai elektronik", "distributor"),
    SELLER: ("Meterai", "seller"),
}


async def ensure_organisations(db: Database, now: datetime) -> None:
    """Writes the rows of treasury, issuer, distributor and seller. Doing it again changes nothing."""
    async with db.transaction() as tx:
        for organisation_id, (name, role) in _NAMES.items():
            await store.add_organisation(tx, organisation_id, name, role, now)
