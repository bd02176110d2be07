"""A partner with a member, a program, a login, a webhook, a batch, events and requests, for the console."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from meterai.kernel.ids import derived_id, new_id
from meterai.kernel.typed_ids import Prefix, write_id
from meterai.partners.batches.model import NewDocument
from meterai.partners.batches.use_cases.note_batch import note_batch
from meterai.partners.logins.officers_acts import add_login, switch_wire
from meterai.partners.model import MemberRole
from meterai.partners.usage.model import ApiRequest
from meterai.partners.usage.note_requests import note_requests
from meterai.partners.use_cases.set_member import set_member
from meterai.partners.webhooks import store as webhooks
from meterai.partners.webhooks.model import NewEvent
from tests.api.partner import register
from tests.partners.organisations import Chain, make_chain
from tests.storage_fixtures import TestDatabase

USER: Final = "mesin@toko.example"
HOST: Final = "hook.toko.example"
SECRETS: Final = ("kata-sandi-alamat", "012345678901234", USER)
"""Of a webhook's address, the tax number, the user name: masked."""


@dataclass(frozen=True, slots=True)
class BusyPartner:
    """The partner `firm` of a chain, and the ids that lead to it, as the API writes them."""

    chain: Chain
    client: str
    webhook: str
    batch: str
    event: str
    request: str
    """To the API; it was refused."""


async def make_partner(database: TestDatabase, *, member: uuid.UUID, now: datetime) -> BusyPartner:
    """Makes the chain, and gives its enterprise everything. `member`: a customer with a contact."""
    chain = await make_chain(database.app, now=now)
    firm, client = chain.enterprise.id, derived_id("client", chain.enterprise.id)
    webhook, request = new_id(now), new_id(now)
    await database.owner.execute("UPDATE partners.organisation SET npwp = $1", SECRETS[1])
    await set_member(database.operator, firm, member, MemberRole.OWNER, now=now)
    await register(database.owner, firm)
    await switch_wire(database.operator, firm, on=True, reason="uji", actor="ani", now=now)
    await add_login(database.operator, client, user=USER, actor="ani", now=now)
    async with database.site.transaction() as tx:
        await webhooks.add_webhook(
            tx, webhook, firm, url=f"https://{HOST}/{SECRETS[0]}", kinds=(), description="", scheme="hmac",
            now=now,
        )  # fmt: skip
    async with database.worker.connection() as connection:
        told = NewEvent(
            organisation_id=firm, kind="quota.low", subject_id=firm, source_id=request, happened_at=now,
            facts={},
        )  # fmt: skip
        await webhooks.note_events(connection, [told], now)
    refused = ApiRequest(
        id=request, organisation_id=firm, client_id=client, at=now, method="POST", path="/v1/stamps",
        status=409, code="partner.stock_short", milliseconds=12,
    )  # fmt: skip
    await note_requests(database.site, [refused])
    batch = await note_batch(
        database.site,
        [NewDocument(said={"idfile": 1}, serial=None)],
        organisation_id=firm,
        return_url=f"https://{HOST}/{SECRETS[0]}",
        now=now,
    )
    event = await database.owner.fetchval("SELECT id FROM partners.event WHERE kind = 'quota.low'")
    return BusyPartner(
        chain,
        write_id(Prefix.CLIENT, client),
        write_id(Prefix.WEBHOOK, webhook),
        str(batch),
        write_id(Prefix.EVENT, event),
        write_id(Prefix.REQUEST, request),
    )
