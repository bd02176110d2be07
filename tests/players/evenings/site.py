"""The site of an evening: reports, claims, free entries, bypasses and certificates."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from random import Random

from meterai.kernel.refusals import Kind, Refusal
from meterai.waiting_room.control.site_load import (
    BacklogReport,
    SiteLoad,
    report_backlog,
    report_site_load,
)
from meterai.waiting_room.files.published_queue import Published
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.queries import queue_signs
from meterai.waiting_room.rules.bypasses import INSIDE_S
from meterai.waiting_room.use_cases.claim_pass import claim_pass
from meterai.waiting_room.use_cases.issue_certificate import issue_certificate
from meterai.waiting_room.use_cases.log_bypass import log_bypass
from tests.players.evenings.clocks import Clocks
from tests.players.evenings.people import Person
from tests.storage_fixtures import TestDatabase

_MINUTE_S = 60
_ANOTHER_TICKET = ("ticket.unlisted", "ticket.backdated")


class Site:
    """The site and its worker."""

    def __init__(self, database: TestDatabase, folder: QueueFolder, clocks: Clocks, chance: Random) -> None:
        self._db, self._clocks, self._chance = database.app, clocks, chance
        self._database, self._folder = database, folder
        self._slug = folder.slug
        self.is_away = False
        self.can_buy, self.stock, self.p95_ms = True, 1_000_000, 50.0
        self.published: Published | None = None
        self.entered = 0
        """People who came in without a place."""
        self._begun = 0
        """Forms that they got since the last report."""
        self._inside: list[float] = []
        """When people came in who may still go on with their order."""

    @property
    def now(self) -> datetime:
        """The time that the site's clock shows."""
        return datetime.fromtimestamp(self._clocks.of("site"), UTC)

    async def second(self) -> None:
        """Reports. People who came in before the line began go on with their orders."""
        await report_backlog(self._db, BacklogReport(0.0, self.stock, self.can_buy))
        if self.is_away:
            await self.age(1)
            return
        if self.published is None and self._folder.config.exists():
            self.published = Published(self._folder)
        if self.published is not None:
            self.published.look()
        sign = (await queue_signs(self._db))[self._slug]
        now = self._clocks.of("site")
        self._inside = [at for at in self._inside if at > now - INSIDE_S]
        if sign.has_line and self._inside and self._chance.random() < 0.05:
            self._inside.pop(0)
            await log_bypass(self._db, sign.number, "was_inside", order_id=uuid.uuid4(), now=self.now)
        lately = sum(at > now - _MINUTE_S for at in self._inside)
        load = SiteLoad(
            p95_ms=self.p95_ms,
            in_flight=1,
            requests=50,
            faults=0,
            entered={self._slug: float(lately)},
            begun={self._slug: self._begun},
        )
        await report_site_load(self._db, "site", load)
        self._begun = 0

    def enter_freely(self) -> None:
        """Somebody comes in without a place, because nobody has to wait."""
        if not self.is_away:
            self._inside.append(self._clocks.of("site"))
            self.entered += 1
            self._begun += 1

    async def age(self, seconds: int) -> None:
        """Lets time pass for the last report: the database's clock is not moved."""
        await self._database.owner.execute(
            "UPDATE waiting_room.site_load SET at = at - make_interval(secs => $1)", float(seconds)
        )

    async def knock(self, person: Person) -> None:
        """A called person wants to enter. Sets when they knock again."""
        assert self.published is not None
        now = self._clocks.now
        try:
            await claim_pass(
                self._db,
                self.published,
                person.text,
                contact=person.contact,
                is_in_flight=person.is_in_flight,
                now=self.now,
            )
            person.is_done, person.knocks_at = True, None
        except Refusal as refusal:
            person.knocks_at = now + (int(str(refusal.facts.get("retry_after_s", 5))))
            if refusal.kind is Kind.GONE:
                person.is_done, person.knocks_at = True, None
            elif refusal.code in _ANOTHER_TICKET:
                person.ticket, person.text, person.knocks_at = None, "", None

    async def certify(self, person: Person) -> bool:
        """A person asks for a certificate after the closing. Returns whether they got one."""
        assert self.published is not None
        try:
            await issue_certificate(
                self._db, self.published, person.text, contact=person.contact, masked="a***", now=self.now
            )
        except Refusal:
            return False
        return True

    async def has_pass(self, person: Person) -> bool:
        """Whether the database knows that a person was let in."""
        assert person.ticket is not None
        found = await self._database.owner.fetchval(
            "SELECT true FROM waiting_room.pass WHERE id = $1", person.ticket.id
        )
        return found is True
