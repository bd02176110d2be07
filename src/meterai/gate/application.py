"""The gate: opens the events of the queue folder, keeps them up, and answers requests.

It needs no database and reaches nothing but the queue folder, so it goes on when everything behind it is
down.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import structlog

from meterai.gate.answers import NO_STORE, Answers
from meterai.gate.http.published_files import document_headers
from meterai.gate.http.responses import respond
from meterai.gate.http.server import Request
from meterai.gate.joining.mail_domains import MailDomains
from meterai.gate.joining.ticket_issuer import UNREADABLE
from meterai.gate.open_event import GateSettings, OpenEvent, open_event
from meterai.gate.pages import EventFacts, Pages
from meterai.gate.routes import answer
from meterai.gate.visit import Visit
from meterai.kernel.ids import new_help_code
from meterai.kit.http.host_cookies import plain_cookies
from meterai.kit.http.network_limits import NetworkLimits
from meterai.kit.http.role_port import NotReady
from meterai.texts.mechanism.languages import languages, prefix_of, split_language
from meterai.waiting_room.carrying.gate_port import SHARED_FOLDER, GateCarrier
from meterai.waiting_room.files.queue_folder import QueueFolder, queues_in
from meterai.waiting_room.files.shown_event import read_shown

log = structlog.get_logger(__name__)

LOOK_S = 0.25


class Gate:
    """All events of this gate. `facts`: what pages say of an event, by slug."""

    def __init__(
        self, settings: GateSettings, facts: dict[str, EventFacts], carrier: GateCarrier = SHARED_FOLDER
    ) -> None:
        self.settings = settings
        self._carrier = carrier
        self.pages = Pages(settings.site_url, operator=settings.operator, contact=settings.contact)
        self.answers = Answers(settings, self.pages)
        self.open_events: dict[str, OpenEvent] = {}
        self.ready: dict[bytes, bytes] = self.answers.assets
        self.ready_for_strangers: dict[bytes, bytes] = {}
        self._facts = facts
        self._limits = NetworkLimits()
        self._domains = MailDomains(settings.mail_providers)
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._written_at = 0.0
        self._is_disk_full = False
        self._unreadable: set[str] = set()
        """Slugs of events that can't be opened or read."""
        self._unknown: set[str] = set()
        """Slugs of events of which nobody can tell yet whether this gate gave tickets before."""

    # ---------------------------------------------------------------- upkeep

    async def run(self) -> None:
        """Looks for published documents and new events until it is cancelled.

        Raises: BlockingIOError when another process has taken this gate's number; FileNotFoundError when its
        folder is gone.
        """
        while True:
            self.look()
            for keeper in self._keepers.values():
                if keeper.done():
                    keeper.result()
            await asyncio.sleep(LOOK_S)

    def look(self) -> None:
        """Opens new events, reads new documents, and once a second writes the gate's sign of life.

        Raises: as `run`.
        """
        for folder in self._queues():
            if folder.slug not in self.open_events:
                self._open(folder)
        for slug, event in self.open_events.items():
            self._read_documents(slug, event)
        now = time.monotonic()
        if now - self._written_at >= 1:
            self._written_at = now
            self._write()
            self._name_events()

    async def check_queues(self) -> None:
        """Returns when every queue of the folder is served. Raises: NotReady."""
        if self._unreadable:
            slugs = ", ".join(sorted(self._unreadable)) or "the folder"
            raise NotReady(f"can't be read: {slugs}")
        if self._unknown:
            raise NotReady(f"NATS was not asked yet: {', '.join(sorted(self._unknown))}")

    async def check_disk(self) -> None:
        """Returns when the disk takes what the gate writes. Raises: NotReady."""
        if self._is_disk_full:
            raise NotReady("takes nothing")

    def close(self) -> None:
        """Issues no more tickets, and makes everything durable."""
        for keeper in self._keepers.values():
            keeper.cancel()
        self._write()
        for event in self.open_events.values():
            event.issuer.close()

    def _read_documents(self, slug: str, event: OpenEvent) -> None:
        try:
            if event.published.look():
                self._prepare_status(slug, event)
            self._unreadable.discard(slug)
        except UNREADABLE as error:  # the documents that were read before stay in use
            self._log_unreadable(slug, error)
        self._prepare_form(slug)

    def _name_events(self) -> None:
        """Follows what the controller says of the events. A damaged file changes nothing."""
        for slug, event in list(self.open_events.items()):
            facts = _named(event.published.folder) or event.facts
            if facts != event.facts:
                self.open_events[slug] = event.renamed(facts)

    def _write(self) -> None:
        """Writes presence, promises and the sign of life. Nobody loses a place when they are late.

        Raises: FileNotFoundError when this gate's folder is gone. Its counts are lost then, and the gate must
        start again to notice it.
        """
        reason = ""
        for event in self.open_events.values():
            for write in (event.write_presence, event.write_promises, event.write_sign_of_life):
                try:
                    write()
                except FileNotFoundError:
                    raise
                except OSError as error:
                    reason = str(error)
            event.published.keep_counts(self.settings.number)
        if reason and not self._is_disk_full:
            log.error("disk_takes_nothing", gate=self.settings.number, reason=reason)
        self._is_disk_full = bool(reason)

    def _open(self, folder: QueueFolder) -> None:
        """Opens an event. If its files can't be read, or may be incomplete, the next look tries again.

        Raises: BlockingIOError when another gate has this number.
        """
        facts = _named(folder) or self._facts.get(folder.slug)
        try:
            outbox = self._carrier.outbox(folder)
            if outbox is None:
                self._unknown.add(folder.slug)
                return
            event = open_event(
                folder,
                self.settings,
                outbox,
                pages=self.pages,
                facts=facts,
                limits=self._limits,
                domains=self._domains,
            )
        except BlockingIOError:
            raise
        except UNREADABLE as error:
            self._log_unreadable(folder.slug, error)
            return
        self._unreadable.discard(folder.slug)
        self._unknown.discard(folder.slug)
        self.open_events[folder.slug] = event
        self._prepare_status(folder.slug, event)
        self._keepers[folder.slug] = asyncio.get_running_loop().create_task(event.issuer.keep())
        event.published.keep_counts(self.settings.number)
        log.info("queue_opened", queue=folder.slug, gate=self.settings.number)

    def _queues(self) -> list[QueueFolder]:
        try:
            found = list(queues_in(self.settings.folder))
        except OSError as error:
            self._log_unreadable("", error)
            return []
        self._unreadable.discard("")
        return found

    def _log_unreadable(self, slug: str, error: Exception) -> None:
        if slug not in self._unreadable:
            log.warning("queue_unreadable", queue=slug, error=type(error).__name__, reason=str(error))
            self._unreadable.add(slug)

    def _prepare_status(self, slug: str, event: OpenEvent) -> None:
        """Makes the answer to status polls; the server sends it without asking the gate."""
        if event.published.status_raw:
            headers = (*document_headers("status.json"), *self.answers.safety)
            answer_bytes = respond(200, event.published.status_raw, headers)
            self.ready[f"/antre/{slug}/d/status.json".encode()] = answer_bytes

    def _prepare_form(self, slug: str) -> None:
        """Makes the page with the form for browsers that keep no ticket, as it is until the next look."""
        for language in languages():
            request = Request(None, "")
            request.target = f"{prefix_of(language)}/antre/{slug}".encode()
            self.ready_for_strangers[request.target] = self.handle(request) or b""

    # -------------------------------------------------------------- requests

    def handle(self, request: Request) -> bytes | None:
        """The answer to a request; None when it comes later."""
        path = request.target.partition(b"?")[0].decode("latin-1")
        language, page = split_language(path)
        try:
            return self._answer(request, path, page, language=language)
        except Exception as error:
            code = new_help_code()
            log.error("request_failed", help_code=code, reason=type(error).__name__, exc_info=True)
            return self.answers.notice("fault", language, page, 500, help_code=code)

    def _answer(self, request: Request, path: str, page: str, *, language: str) -> bytes | None:
        parts = page.strip("/").split("/")
        if parts[0] != "antre" or len(parts) < 2 or request.method not in (b"GET", b"HEAD", b"POST"):
            return self.answers.notice("not_found", language, page, 404)
        slug = parts[1]
        if (event := self.open_events.get(slug)) is not None:
            return answer(self._visit(request, language, event), parts[2:])
        if slug == "_" and (asset := self.answers.asset(path)):
            return asset
        if parts[1:] == ["_", "sehat"]:
            return respond(200, b"ok\n", (("content-type", "text/plain"), *NO_STORE))
        if not self.open_events:  # its disk is not mounted: nginx asks another gate
            return self.answers.notice("fault", language, page, 502)
        if slug in self._unreadable | self._unknown:
            return self.answers.notice("fault", language, page, 503)
        return self.answers.notice("not_found", language, page, 404)

    def _visit(self, request: Request, language: str, event: OpenEvent) -> Visit:
        if self.answers.is_secure and (sent := request.header(b"cookie")):
            request.headers[b"cookie"] = plain_cookies(sent, time.time())
        return Visit(
            request,
            language,
            event=event,
            settings=self.settings,
            pages=self.pages,
            answers=self.answers,
        )


def _named(folder: QueueFolder) -> EventFacts | None:
    """What the controller says of an event; None: nothing, or nothing that can be read."""
    with suppress(*UNREADABLE):
        if (shown := read_shown(folder)) is not None:
            return EventFacts.of(folder.slug, shown)
    return None
