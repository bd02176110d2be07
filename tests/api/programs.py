"""A partner's program with a key of its own, which gets real tokens (RFC 7523).

program = await registered(running, chain.enterprise.id)          # all scopes; or scopes=("stamps:read",)
partner = await program.partner()                                 # calls the API with a token
answer = await partner.post("/api/v1/stamps", {...})
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from meterai.kernel.typed_ids import Prefix, write_id
from meterai.kit.database import Database
from meterai.partners.clients.model import SCOPES, Limits
from meterai.partners.clients.public_keys import read_public_key
from meterai.partners.use_cases.register_client import register_client
from tests.api.partner import Partner, json_of
from tests.web.asking import Answer, ask
from tests.web.running_site import RunningSite

TOKEN = "/api/v1/token"
ISSUER = "http://situs"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
type PrivateKey = ECKey | OKPKey | RSAKey


def new_key() -> ECKey:
    """A key as partners make one."""
    return ECKey.generate_key("P-256")


@cache
def rsa_key() -> RSAKey:
    """One RSA key for all tests: making one takes long."""
    return RSAKey.generate_key(2048)


def public_half(key: PrivateKey) -> bytes:
    """What partners hand in."""
    return key.as_pem(private=False)


class Program:
    """A client as its partner runs it."""

    def __init__(
        self, running: RunningSite, client_id: uuid.UUID, key_id: uuid.UUID, key: PrivateKey
    ) -> None:
        self.running = running
        self.site: Any = running.site
        self.uuid, self.key_uuid = client_id, key_id
        self.client_id = write_id(Prefix.CLIENT, client_id)
        self.key_id = write_id(Prefix.KEY, key_id)
        self.key = key
        self.address = "192.0.2.7"

    @property
    def now(self) -> datetime:
        """The clock of the site."""
        now: datetime = self.running.app.clock()
        return now

    def claims(self, **changes: object) -> dict[str, Any]:
        """What an assertion says. None takes a claim out."""
        claims: dict[str, object] = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": ISSUER + TOKEN,
            "exp": int(self.now.timestamp()) + 60,
            "jti": uuid.uuid4().hex,
        }
        return {name: value for name, value in (claims | changes).items() if value is not None}

    def assertion(self, *, algorithm: str = "", kid: str | None = None, **changes: object) -> str:
        """A signed assertion. `kid`: another id than the key's; empty: it names none."""
        usual = {ECKey: "ES256", OKPKey: "Ed25519", RSAKey: "PS256"}[type(self.key)]
        header = {"alg": algorithm or usual}
        name = self.key_id if kid is None else kid
        header |= {"kid": name} if name else {}
        return jwt.encode(header, self.claims(**changes), self.key, algorithms=[header["alg"]])

    async def ask(self, assertion: str | None = None, **form: str | None) -> Answer:
        """Asks for a token. None takes a field out of the form."""
        fields = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self.assertion() if assertion is None else assertion,
        } | form
        body = urlencode({name: value for name, value in fields.items() if value is not None}).encode()
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return await ask(self.site, TOKEN, method="POST", headers=headers, body=body, client=self.address)

    async def token(self, *scopes: str) -> str:
        """A token with these scopes; without any named, with all that the client has."""
        answer = await self.ask(scope=" ".join(scopes) or None)
        assert answer.status == 200, answer.text
        token: str = json_of(answer)["access_token"]
        return token

    async def partner(self, *scopes: str) -> Partner:
        """The program with a token."""
        return Partner(self.site, await self.token(*scopes))


async def registered(
    running: RunningSite,
    organisation_id: uuid.UUID,
    *,
    db: Database | None = None,
    key: PrivateKey | None = None,
    scopes: Collection[str] = SCOPES,
    **limits: Any,
) -> Program:
    """Registers a client of an organisation, as an officer does. `limits`: further fields of `Limits`."""
    key = key or new_key()
    made = await register_client(
        db or running.line.database.operator,
        organisation_id,
        name="Program uji",
        limits=Limits(scopes=frozenset(scopes), **limits),
        key=read_public_key(public_half(key)),
        actor="ani",
        now=running.app.clock(),
    )
    return Program(running, made.client_id, made.key_id, key)
