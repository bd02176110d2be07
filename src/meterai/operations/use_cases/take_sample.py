"""Takes a sample of the service each ten seconds: one worker does, whichever comes first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from meterai.kernel.clock import age_s
from meterai.kit.database import Connection, Database
from meterai.kit.files.free_space import DiskReserve
from meterai.ledger.model import SELLER, AccountKind, account_id
from meterai.ledger.queries import posted_on
from meterai.operations.samples import EVERY, KEPT, Sample, forget_samples, has_sample, slot_of, write_sample
from meterai.operations.use_cases.ask_signer import ask_signer
from meterai.operations.use_cases.oldest_late_stamp import oldest_late_stamp
from meterai.partners.queries.organisations import ids_of_organisations
from meterai.sales.queries.progress import count_charged, stamping_p95, stamps_of_probe
from meterai.stamping.ports import Signer
from meterai.waiting_room.queries import people_in_line

_SIGNER_SECONDS: Final = 3.0
P95_OF: Final = timedelta(minutes=2)
"""The p95 is of orders that were paid within this time."""


@dataclass(frozen=True, slots=True)
class Sampler:
    """Takes samples from one worker process."""

    db: Database
    signer: Signer
    disks: DiskReserve

    async def turn(self, now: datetime) -> int:
        """Writes the sample of this slot, unless another worker has. Returns how many it wrote."""
        slot = slot_of(now)
        async with self.db.connection() as connection:
            if await has_sample(connection, slot):
                return 0
        signer = await ask_signer(self.signer, within_s=_SIGNER_SECONDS)
        async with self.db.connection() as connection:
            sold, made = await _stamps(connection)
            sample = Sample(
                slot=slot,
                orders=await count_charged(connection, since=slot - EVERY, until=slot),
                stamps_sold=sold,
                stamps_made=made,
                people=await people_in_line(connection),
                late_s=age_s(await oldest_late_stamp(connection), now),
                p95_s=await stamping_p95(connection, since=now - P95_OF, now=now),
                signer_trouble=signer.trouble,
                tsa_ends=signer.tsa_ends,
                free_bytes=self.disks.free_bytes(),
                reserve_bytes=self.disks.reserve_bytes,
            )
            return int(await write_sample(connection, sample))


async def clean_up_samples(db: Database, *, now: datetime) -> int:
    """Deletes samples that are older than two days, some at once. Returns how many."""
    async with db.connection() as connection:
        return await forget_samples(connection, before=now - KEPT)


async def _stamps(conn: Connection) -> tuple[int, int]:
    """All stamps that were sold, and all that were used, also those of partners, but not the probe's."""
    stock = account_id(AccountKind.SELLER_STOCK, SELLER)
    owners = [SELLER, *await ids_of_organisations(conn)]
    used = [account_id(AccountKind.USED, owner) for owner in owners]
    posted = await posted_on(conn, [stock, *used])
    bought_by_probe, used_by_probe = await stamps_of_probe(conn)
    sold = sum(debits for id, (debits, _) in posted.items() if id == stock)
    made = sum(credits for id, (_, credits) in posted.items() if id != stock)
    return sold - bought_by_probe, made - used_by_probe
