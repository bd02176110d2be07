"""Gives a member of the sandbox a test client with a test key, and an organisation if need be."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from meterai.kernel.ids import derived_id, new_id
from meterai.kit.database import Database
from meterai.partners.clients.model import SCOPES
from meterai.partners.clients.public_keys import read_public_key
from meterai.partners.model import NewOrganisation, Organisation, OrganisationRole, PaidBy, Terms
from meterai.partners.sandbox import store
from meterai.partners.sandbox.model import CREDIT, DISTRIBUTOR_ID, FACE_VALUE, FIRST_STOCK
from meterai.partners.use_cases.add_organisation import add_organisation
from meterai.partners.use_cases.agree import agree
from meterai.partners.use_cases.move_stamps import pass_block
from meterai.partners.use_cases.register_client import key_of

CLIENT_NAME: Final = "Uji"


class GivenClient(msgspec.Struct, frozen=True, kw_only=True):
    """A new test client. Its private key is stored nowhere."""

    client_id: UUID
    key_id: UUID
    private_key: str
    """PEM (PKCS #8) of a P-256 key."""

    def __repr__(self) -> str:
        return f"GivenClient(client_id={self.client_id})"


async def make_own_organisation(
    db: Database, customer_id: UUID, *, session: str, now: datetime
) -> Organisation:
    """Makes the test organisation of a person: an enterprise with test stamps on credit, which they own.

    Its stamps come as in a real installation: by an agreement and a block. `session`: the person's, which
    proves them to the database. Safe to repeat.

    Raises: Refusal as `add_organisation`, `agree`, `pass_block`, such as CONFLICT `partner.stock_short`.
    """
    new = NewOrganisation(
        id=derived_id("organisation", "sandbox", customer_id),
        parent_id=DISTRIBUTOR_ID,
        name="PT Uji",
        role=OrganisationRole.ENTERPRISE,
        code=f"uji-{derived_id('code', customer_id).hex[:12]}",
    )
    made = await add_organisation(db, new, now=now)
    terms = Terms(unit_price=FACE_VALUE, credit_limit=CREDIT)
    await agree(db, made.id, terms, now=now)
    block_id = derived_id("block", "sandbox", made.id)
    await pass_block(db, block_id, to=made.id, pieces=FIRST_STOCK, paid_by=PaidBy.CREDIT, now=now)
    async with db.transaction() as tx:
        await store.own_test_organisation(tx, session, made.id, now)
    return made


async def give_test_client(db: Database, organisation_id: UUID, *, now: datetime) -> GivenClient:
    """Registers a client with every scope and a new key. It can get tokens at once.

    Raises: Refusal NOT_FOUND `sandbox.off`; CONFLICT `sandbox.clients_max`.
    """
    private = ec.generate_private_key(ec.SECP256R1())
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    client_id, key_id = new_id(now), new_id(now)
    async with db.transaction() as tx:
        await store.add_test_client(
            tx,
            client_id,
            organisation_id,
            name=CLIENT_NAME,
            scopes=SCOPES,
            key=key_of(read_public_key(public), key_id, now),
        )
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return GivenClient(client_id=client_id, key_id=key_id, private_key=pem)


async def end_test_client(db: Database, client_id: UUID, organisation_id: UUID, *, now: datetime) -> bool:
    """Ends a test client for good. Its tokens count for five seconds at most. False: there is none that
    counts.

    Raises: Refusal NOT_FOUND `sandbox.off`.
    """
    async with db.transaction() as tx:
        return await store.end_test_client(tx, client_id, organisation_id, now)
