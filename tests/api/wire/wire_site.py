"""The wire of a site with a chain of partners, each with a client and a login."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest_asyncio

from meterai.api.wire.addresses import WireAddresses
from meterai.api.wire.session import make_wire_token
from meterai.kernel.clock import system_clock
from meterai.kernel.ids import derived_id
from meterai.partners.logins.model import Login
from meterai.partners.logins.officers_acts import add_login, switch_wire
from meterai.partners.logins.queries import find_login
from meterai.partners.model import Organisation
from meterai.partners.stamps.facts import StampFacts
from meterai.partners.stamps.serial_facts import SerialFacts, note_serial_facts
from meterai.stamping.taken.model import WantedSerial
from meterai.stamping.use_cases.take_serials import take_serials
from meterai.verification.trust import load_trust
from tests.api.partner import register
from tests.partners.organisations import Chain, make_chain
from tests.stamping.stamping_setup import StampingSetup
from tests.web.asking import Answer, ask
from tests.web.running_site import RunningSite


@dataclass
class WireSite:
    """The site, and what stands behind it."""

    setup: StampingSetup
    chain: Chain
    running: RunningSite
    passwords: dict[UUID, tuple[str, str]] = field(default_factory=dict)
    """User name and password of a login of each organisation that has one."""

    def __post_init__(self) -> None:
        self.site = WireAddresses(self.running.site, "")

    async def login(self, organisation: Organisation) -> Login:
        """A login of the client of an organisation, which has the wire on."""
        if organisation.id not in self.passwords:
            db, now = self.setup.database.operator, datetime.now(UTC)
            await switch_wire(db, organisation.id, on=True, reason="test", actor="ani", now=now)
            client, user = derived_id("client", organisation.id), f"{organisation.code}@contoh.id"
            made = await add_login(db, client, user=user, actor="ani", now=now)
            self.passwords[organisation.id] = made.user, made.password
        found = await find_login(self.setup.database.site, self.passwords[organisation.id][0])
        assert found is not None
        return found

    async def of(self, organisation: Organisation) -> Caller:
        """A caller who has logged in for an organisation."""
        login = await self.login(organisation)
        app = self.running.app
        token = make_wire_token(app.secret, login, issuer=app.public_url, now=app.clock())
        return Caller(self, token, login)

    @property
    def state(self) -> Any:
        """Of the application behind the middleware."""
        return self.running.site.site._app._site.state

    def forget(self) -> None:
        """Forgets the clients that called lately, and how often, as if some time had gone."""
        for name in ("KnownClients", "RateLimits"):
            self.state.pop(name, None)

    async def note_requests(self) -> None:
        """Writes the requests that wait to be noted."""
        await self.state["RequestLog"].write()

    async def taken(self, organisation: Organisation, pieces: int) -> list[str]:
        """New serial numbers of an organisation."""

        async def unlimited(tx: Any, pieces: int) -> None:
            """Counts nothing."""

        async def nothing_known(tx: Any, new: Any) -> None:
            known = {serial: SerialFacts(facts=StampFacts()) for serial in new.values()}
            await note_serial_facts(tx, organisation.id, known)

        made = await take_serials(
            self.setup.database.site,
            [WantedSerial(name="surat.pdf")] * pieces,
            organisation_id=organisation.id,
            before=unlimited,
            after=nothing_known,
            now=datetime.now(UTC),
        )
        return [one.serial for one in made]


@dataclass
class Caller:
    """Sends requests with a token. Empty: without."""

    wire: WireSite
    token: str
    login: Login | None = None

    async def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        form: dict[str, str] | None = None,
        kind: str = "application/json",
        **headers: str,
    ) -> Answer:
        """Sends a body: bytes as they are, `form` urlencoded, anything else as JSON."""
        sent = {"host": "situs", "content-type": kind} | headers
        if self.token:
            sent.setdefault("authorization", f"Bearer {self.token}")
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        if form is not None:
            content, sent["content-type"] = urlencode(form).encode(), "application/x-www-form-urlencoded"
        return await ask(self.wire.site, f"/wire/{path}", method=method, headers=sent, body=content)

    @property
    def user_id(self) -> str:
        """The id of the login, as clients read it."""
        assert self.login is not None
        return str(self.login.id)

    async def post(self, path: str, body: object = None, **more: Any) -> Any:
        """What the answer to a POST says. It has status 200."""
        return said(await self.send("POST", path, body, **more))

    async def get(self, path: str, body: object = None, **more: Any) -> Any:
        """What the answer to a GET says. It has status 200."""
        return said(await self.send("GET", path, body, **more))


def said(answer: Answer) -> Any:
    """What an answer in JSON with status 200 says."""
    assert answer.status == 200, (answer.status, answer.body)
    return json.loads(answer.body)


@pytest_asyncio.fixture
async def wire(front: StampingSetup, running: RunningSite, pki: Path) -> WireSite:
    """Without a signer, for tests that end before signing."""
    running.app.jail, running.app.objects, running.app.clock = front.jail, front.objects, system_clock
    running.app.signer = front.client
    running.app.trust = load_trust(front.data / "pki" / "trust")
    for file in pki.glob("hash.*"):
        shutil.copy(file, front.data / "pki" / file.name)
    chain = await make_chain(front.database.app, now=datetime.now(UTC))
    for organisation in vars(chain).values():
        await register(front.database.owner, organisation.id)
    return WireSite(front, chain, running)
