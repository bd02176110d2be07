"""The site before an open queue, over ASGI with a real database, and visitors with cookies."""

from __future__ import annotations

import re
import uuid
from datetime import date, datetime, timedelta
from functools import partial
from http.cookies import SimpleCookie
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from meterai.api.conventions.problems import problem_response
from meterai.api.openapi.document import make_document
from meterai.api.routes import ROUTES
from meterai.customers.organisations import SELLER
from meterai.kernel.ids import token_digest
from meterai.kernel.money import Rupiah
from meterai.kit.files.free_space import DiskReserve
from meterai.kit.settings import Settings
from meterai.sales.events import load_events
from meterai.sales.gateways import Gateways
from meterai.sales.prices import DatedPrice, Tariff
from meterai.sales.queries.offer import Offer
from meterai.stamping.signer_wire import Identity
from meterai.stamping.upload_room import UploadRoom
from meterai.verification.model import FaceLimits, Trust
from meterai.web.line.queues import queues_of
from meterai.web.site import build_site
from tests.sales.fake_gateway import FakeGateway
from tests.waiting_room.line import NOON, LineOfPeople
from tests.web.asking import ask

GATE = "http://antre.contoh:8006"
OFFER = Offer(
    tariffs=(Tariff(valid_from=date(2021, 1, 1), face_value=Rupiah(10_000)),),
    prices=(DatedPrice(valid_from=date.min, fee=Rupiah(2_500), vat_basis_points=1_100, vat=Rupiah(248)),),
)
"""Without events."""


class Visitor:
    """A visitor whose browser keeps cookies."""

    def __init__(self, site: Any) -> None:
        self.site = site
        self.cookies: dict[str, str] = {}
        self.status = 0
        self.headers: dict[str, str] = {}
        self.text = ""
        self.body = b""
        self.sent_from = "same-origin"
        self.origin = ""
        self.client = "192.0.2.7"
        self.user_agent = ""

    async def get(self, address: str) -> str:
        """Asks for a page. Returns where it redirects to, or its own address."""
        return await self._ask("GET", address, b"", "")

    async def post(self, address: str, **fields: str) -> str:
        """Sends a form with the proof from the last page."""
        proof = re.search(r'name="bukti_formulir" value="([^"]+)"', self.text)
        sent = ({"bukti_formulir": proof[1]} if proof else {}) | fields
        return await self._ask("POST", address, urlencode(sent).encode(), "application/x-www-form-urlencoded")

    async def _ask(self, method: str, address: str, body: bytes, kind: str) -> str:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"cookie": cookies, "content-type": kind, "sec-fetch-site": self.sent_from}
        headers |= {"user-agent": self.user_agent} if self.user_agent else {}
        headers |= {"host": "situs", "origin": self.origin} if self.origin else {}
        answer = await ask(self.site, address, method=method, headers=headers, body=body, client=self.client)
        for cookie in answer.cookies:
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(cookie).items()}
        self.status, self.headers, self.body = answer.status, answer.headers, answer.body
        is_file = answer.headers.get("content-type", "").startswith(("application/pdf", "application/vnd."))
        self.text = "" if is_file else answer.text
        return self.headers.get("location", address)


class Counting:
    """The application's database. It counts how often a connection was taken, and can be out of order."""

    def __init__(self, database: Any) -> None:
        self._database = database
        self.taken = 0
        self.is_down = False
        self.trouble: Exception = ConnectionRefusedError()

    def connection(self, *, hands_on: bool = False) -> Any:
        return self._lend(partial(self._database.connection, hands_on=hands_on))

    def transaction(self) -> Any:
        return self._lend(self._database.transaction)

    def _lend(self, how: Any) -> Any:
        self.taken += 1
        if self.is_down:
            raise self.trouble
        return how()


class Answering:
    """A signer that only tells whether it answers."""

    def __init__(self) -> None:
        self.trouble: Exception | None = None
        self.tsa_ends: datetime | None = None

    async def ping(self) -> Identity:
        if self.trouble:
            raise self.trouble
        return Identity("key", [], tsa_ends=self.tsa_ends)


class RunningSite:
    """The line, the site and its database. `told`: settings."""

    def __init__(self, line: LineOfPeople, monkeypatch: pytest.MonkeyPatch, **told: Any) -> None:
        self.line = line
        self.signer = Answering()
        self.db = Counting(line.database.site)
        settings = Settings(queue_folder=str(line.folder.path.parent), gate_url=GATE, **told)
        app: Any = SimpleNamespace(
            settings=settings, db=self.db, secret=b"s" * 32, clock=lambda: line.now,
            public_url=settings.public_url or "http://situs",
            trust=Trust(roots_pem=()), face_limits=FaceLimits(),
            signer=self.signer, jail=None, objects=None, gateways=Gateways([FakeGateway()]),
            upload_room=UploadRoom(
                self.db, DiskReserve({"queue": line.folder.path}, 0),  # type: ignore[arg-type]
                network_bytes_max=1 << 30, all_bytes_max=1 << 30,
            ),
        )  # fmt: skip
        self.app = app
        self.queues = queues_of(settings, self.db)  # type: ignore[arg-type]
        monkeypatch.setattr("meterai.web.site.queues_of", lambda *_: self.queues)
        self.site = build_site(
            app,
            offer=msgspec.structs.replace(OFFER, events=load_events()),
            more_routes=ROUTES,
            describe_api=make_document,
            problem=problem_response,
        )

    def visitor(self) -> Visitor:
        return Visitor(self.site)

    def entered(self) -> int:
        """How many people entered freely, as the site counts them."""
        return self.queues.entered["casn"]


async def sign_in(running: RunningSite, visitor: Visitor, contact: str) -> None:
    """Signs a visitor in, as if the contact had been proven before."""
    owner, customer = running.line.database.owner, uuid.uuid4()
    kind, _, value = contact.partition(":")
    await owner.execute("INSERT INTO customers.customer VALUES ($1, $2, 'id', $3)", customer, SELLER, NOON)
    await owner.execute(
        "INSERT INTO customers.contact VALUES ($1, $2, $3, $4, $5)", uuid.uuid4(), customer, kind, value, NOON
    )
    await owner.execute(
        "INSERT INTO customers.session VALUES ($1, $2, $3, $4)",
        token_digest(contact),
        customer,
        NOON,
        NOON + timedelta(days=7),
    )
    visitor.cookies["masuk"] = contact


async def called(running: RunningSite, contact: str) -> Visitor:
    """A visitor who is called and has proven the contact."""
    visitor = running.visitor()
    visitor.cookies["antre_casn"] = running.line.join(contact)
    await running.line.call_everybody()
    await sign_in(running, visitor, contact)
    return visitor
