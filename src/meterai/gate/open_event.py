"""An event that this gate has opened, with everything that serves it."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from meterai.gate.joining.join_load import JoinLoad, WorkMode
from meterai.gate.joining.join_work import JoinWork
from meterai.gate.joining.joining import Joining
from meterai.gate.joining.mail_domains import SHIPPED, MailDomains
from meterai.gate.joining.ticket_issuer import TicketIssuer
from meterai.gate.pages import EventFacts, Pages
from meterai.gate.published_cache import PublishedCache
from meterai.gate.waiting.presence import Presence
from meterai.gate.waiting.wait_page import WaitPages
from meterai.kit.files.atomic_write import write_whole
from meterai.kit.http.network_limits import NetworkLimits
from meterai.kit.http.proxies import Proxies
from meterai.kit.http.strict_transport import Reach
from meterai.waiting_room.carrying.gate_port import GateOutbox
from meterai.waiting_room.files.gate_numbers import refuse_another_host
from meterai.waiting_room.files.promise_book import PromiseBook
from meterai.waiting_room.files.queue_folder import QueueFolder


@dataclass(frozen=True, slots=True)
class GateSettings:
    """How this gate runs."""

    number: int
    folder: Path
    gate_url: str
    site_url: str
    host_name: str = ""
    """The name of the host that it runs on."""
    proxies: Proxies = field(default_factory=Proxies)
    work: WorkMode = "auto"
    work_joins_per_second: float = 50.0
    mail_providers: Path = SHIPPED
    operator: str = ""
    """The company's name at the foot of pages."""
    contact: str = ""
    """How people reach the operator; empty: by the site's pages alone."""
    hsts: Reach = "host"
    clock_shift_s: float = 0
    """For rehearsals: by how much this gate's clock is wrong."""


@dataclass(frozen=True, slots=True)
class OpenEvent:
    """One event at this gate."""

    published: PublishedCache
    issuer: TicketIssuer
    joining: Joining
    presence: Presence
    promises: PromiseBook
    facts: EventFacts
    wait_pages: WaitPages
    host: str
    """The name of the gate's host."""
    form_pages: dict[tuple[str | bool, ...], bytes] = field(default_factory=dict)
    """Pages with the join form that are the same for everybody, by language and facts."""

    def renamed(self, facts: EventFacts) -> OpenEvent:
        """The same event with other facts on its pages."""
        return replace(self, facts=facts, wait_pages=self.wait_pages.of(facts), form_pages={})

    def write_sign_of_life(self) -> None:
        """Writes which windows this gate has closed, for the controller. Raises: OSError."""
        journal = self.issuer.journal
        sign = {
            "gate": self.issuer.gate,
            "host": self.host,
            "at": int(self.issuer.now()),
            "closed_through": journal.closed_through,
            "unsure_through": journal.unsure_through,
            "there_from": self.issuer.started_in,
        }
        raw = msgspec.json.encode(sign)
        write_whole(self.published.folder.gate_sign(self.issuer.gate), raw, durable=False)
        self.issuer.outbox.signed(raw)

    def write_presence(self) -> None:
        """Writes who was seen. Raises: OSError; the next call writes the rest."""
        self.issuer.outbox.changed(self.presence.write())

    def write_promises(self) -> None:
        """Writes which promises were given. Raises: as `write_presence`."""
        self.issuer.outbox.changed(self.promises.write())


def open_event(
    folder: QueueFolder,
    settings: GateSettings,
    outbox: GateOutbox,
    *,
    pages: Pages,
    facts: EventFacts | None,
    limits: NetworkLimits,
    domains: MailDomains,
) -> OpenEvent:
    """Opens an event at this gate. `facts`: None when neither controller nor events file name the event.

    Raises: BlockingIOError when another process, also of another host, has this gate's number;
    `ticket_issuer.UNREADABLE` when its files are damaged.
    """
    published = PublishedCache(folder)
    keys = folder.gate_keys()
    own = folder.gate(settings.number)
    with suppress(FileNotFoundError):
        sign = folder.gate_sign(settings.number).read_bytes()
        refuse_another_host(sign, number=settings.number, host=settings.host_name)
    presence, promises = Presence(own), PromiseBook(own)
    published.look()
    shift = settings.clock_shift_s
    issuer = TicketIssuer(
        published, keys, gate=settings.number, wall=lambda: time.time() + shift, outbox=outbox
    )
    load = JoinLoad(settings.work, settings.work_joins_per_second)
    work = JoinWork(keys.event, load, domains)
    joining = Joining(issuer, work, limits, load)
    name = folder.slug.upper()
    facts = facts or EventFacts(folder.slug, {"id": name, "en": name}, "Asia/Jakarta", {"id": (), "en": ()})
    wait_pages = WaitPages(pages, published, facts, settings.gate_url)
    return OpenEvent(published, issuer, joining, presence, promises, facts, wait_pages, settings.host_name)
