"""The gate as a whole: the events in the queue folder, and what each request of people gets.

Needs no database and reaches nothing but the queue folder: it goes on when everything behind it is down.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import msgspec
import structlog

from meterai.customers.contacts import Contact
from meterai.gate import published_files
from meterai.gate.contact_codes import Codes
from meterai.gate.http_server import Request, lines_of, respond
from meterai.gate.joining import (
    Form,
    Joining,
    Load,
    WorkMode,
    cookie_ticket,
    is_straight,
    read_form,
    typed_ticket,
)
from meterai.gate.moments import moment_text
from meterai.gate.pages import EventFacts, Pages
from meterai.gate.place_in_line import Standing, standing_of
from meterai.gate.presence import PRESENT_AROUND_CLOSING_S, READY_WITHIN_S, Pings
from meterai.gate.proof_of_work import ProofOfWork
from meterai.gate.published_cache import Shelf
from meterai.gate.safety_headers import Headers, safety_headers
from meterai.gate.ticket_issuer import UNREADABLE, NoTicket, Room
from meterai.gate.wait_page import WaitPages, address_of
from meterai.gate.words import HEADLINES, PROBLEMS, TEXTS
from meterai.kernel.ids import new_help_code
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.files.atomic_write import write_whole
from meterai.kit.http.network_limits import NetworkLimits
from meterai.kit.http.proxies import Proxies
from meterai.kit.http.status import http_status
from meterai.waiting_room.files.promise_book import Promise, PromiseBook
from meterai.waiting_room.files.queue_folder import QueueFolder, queues_in
from meterai.waiting_room.rules.tickets import INSTEAD_OF, Ticket, mark_of

log = structlog.get_logger(__name__)

LOOK_S = 0.25
_ENTRANCES_MAX = 32
_KEPT_AFTER_S = 14 * 86_400
_CONTACT_TEXT_MAX = 254
_TICKET_TEXT_MAX = 1_000
_ADDRESS_MAX = 2_000
"""Of a page that somebody is sent on to: a proxy without room for the head of an answer takes its gate for
dead, and everybody away from it."""
_NO_STORE = (("cache-control", "no-store"),)
_HTML = ("content-type", "text/html; charset=utf-8")
_PRIVATE = ("referrer-policy", "no-referrer")


@dataclass(frozen=True, slots=True)
class GateSettings:
    """How this gate runs."""

    number: int
    folder: Path
    gate_url: str
    site_url: str
    proxies: Proxies = field(default_factory=Proxies)
    work: WorkMode = "auto"
    work_joins_per_second: float = 50.0
    clock_shift_s: float = 0
    """For rehearsals: how wrong this gate's clock is."""


@dataclass(frozen=True, slots=True)
class Hall:
    """One event with everything that belongs to it here."""

    shelf: Shelf
    room: Room
    joining: Joining
    pings: Pings
    promises: PromiseBook
    facts: EventFacts
    wait_pages: WaitPages
    entrances: dict[tuple[str | bool, ...], bytes] = field(default_factory=dict)
    """Pages with the form, by language and what they say."""


class Gate:
    """All events of this gate."""

    def __init__(self, settings: GateSettings, facts: dict[str, EventFacts]) -> None:
        self.settings = settings
        self.pages = Pages(settings.site_url)
        self._is_secure = settings.gate_url.startswith("https:")
        self.safety: Headers = safety_headers(
            settings.site_url,
            style_hash=self.pages.style_hash,
            script_hashes=self.pages.script_hashes,
            tls=self._is_secure,
        )
        self._page_lines: dict[tuple[str, str], str] = {}
        self.halls: dict[str, Hall] = {}
        self.ready: dict[bytes, bytes] = {}
        self.ready_for_strangers: dict[bytes, bytes] = {}
        self._facts = facts
        self._limits = NetworkLimits()
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._written_at = 0.0
        self._is_disk_full = False
        self._unreadable: set[str] = set()
        """Events that can't be taken up, or looked at."""
        for name, (kind, content) in self.pages.assets.items():
            self.ready[name.encode()] = self._send_asset(kind, content, "max-age=31536000, immutable")

    # ---------------------------------------------------------------- upkeep

    async def run(self) -> None:
        """Looks for what is published, until cancelled.

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
        """Takes up new events and new documents, and says that this gate is there."""
        for folder in self._queues():
            if folder.slug not in self.halls:
                self._open(folder)
        now = time.monotonic()
        for slug, hall in self.halls.items():
            try:
                if hall.shelf.look():
                    self._make_ready(slug, hall.shelf)
                self._unreadable.discard(slug)
            except UNREADABLE as error:  # what was read before goes on
                self._tell_unreadable(slug, error)
            self._greet(slug)
        if now - self._written_at >= 1:
            self._written_at = now
            self._write()

    def close(self) -> None:
        """Stops issuing and makes everything durable."""
        for keeper in self._keepers.values():
            keeper.cancel()
        self._write()
        for hall in self.halls.values():
            hall.room.close()

    def _write(self) -> None:
        """Puts down what costs nobody a place when it is late: who is there, promises, that we live.

        Raises: FileNotFoundError when this gate's folder is gone: what it counted is lost, and it must begin
        anew to know it.
        """
        reason = ""
        for hall in self.halls.values():
            for write in (hall.pings.write, hall.promises.write, partial(self._say_alive, hall)):
                try:
                    write()
                except FileNotFoundError:
                    raise
                except OSError as error:
                    reason = str(error)
            hall.shelf.keep_counts(self.settings.number)
        if reason and not self._is_disk_full:
            log.error("disk_takes_nothing", gate=self.settings.number, reason=reason)
        self._is_disk_full = bool(reason)

    def _open(self, folder: QueueFolder) -> None:
        """Takes up an event, if it can be; else it is tried again at the next look.

        Raises: BlockingIOError when another gate has this number.
        """
        try:
            hall = self._hall(folder)
        except BlockingIOError:
            raise
        except UNREADABLE as error:
            self._tell_unreadable(folder.slug, error)
            return
        self._unreadable.discard(folder.slug)
        self.halls[folder.slug] = hall
        self._make_ready(folder.slug, hall.shelf)
        self._keepers[folder.slug] = asyncio.get_running_loop().create_task(hall.room.keep())
        hall.shelf.keep_counts(self.settings.number)
        log.info("queue_opened", queue=folder.slug, gate=self.settings.number)

    def _queues(self) -> list[QueueFolder]:
        try:
            found = list(queues_in(self.settings.folder))
        except OSError as error:
            self._tell_unreadable("", error)
            return []
        self._unreadable.discard("")
        return found

    def _tell_unreadable(self, slug: str, error: Exception) -> None:
        if slug not in self._unreadable:
            log.warning("queue_unreadable", queue=slug, error=type(error).__name__, reason=str(error))
            self._unreadable.add(slug)

    def _hall(self, folder: QueueFolder) -> Hall:
        shelf = Shelf(folder)
        keys = folder.keys()
        own = folder.gate(self.settings.number)
        pings, promises = Pings(own), PromiseBook(own)
        shelf.look()
        shift = self.settings.clock_shift_s
        room = Room(shelf, keys, gate=self.settings.number, wall=lambda: time.time() + shift)
        load = Load(self.settings.work, self.settings.work_joins_per_second)
        joining = Joining(room, ProofOfWork(keys.event), Codes(keys.event, own / "mail"), self._limits, load)
        facts = self._facts.get(folder.slug) or EventFacts(
            folder.slug, folder.slug.upper(), "Asia/Jakarta", {"id": (), "en": ()}
        )
        pages = WaitPages(self.pages, shelf, facts, self.settings.gate_url)
        return Hall(shelf, room, joining, pings, promises, facts, pages)

    def _make_ready(self, slug: str, shelf: Shelf) -> None:
        if shelf.status_raw:
            headers = (*published_files.document_headers("status.json"), *self.safety)
            self.ready[f"/antre/{slug}/d/status.json".encode()] = respond(200, shelf.status_raw, headers)

    def _greet(self, slug: str) -> None:
        """Has the page with the form ready, as it is until the next look."""
        for prefix in ("", "/en"):
            asked = Request(None, "")
            asked.target = f"{prefix}/antre/{slug}".encode()
            self.ready_for_strangers[asked.target] = self.handle(asked) or b""

    def _say_alive(self, hall: Hall) -> None:
        journal = hall.room.journal
        told = {
            "gate": self.settings.number,
            "at": int(hall.room.now()),
            "closed_through": journal.closed_through,
            "unsure_through": journal.unsure_through,
            "there_from": hall.room.started_in,
        }
        path = hall.shelf.folder.gate(self.settings.number) / "gate.json"
        write_whole(path, msgspec.json.encode(told), durable=False)

    # -------------------------------------------------------------- requests

    def handle(self, request: Request) -> bytes | None:
        """The answer to a request; None when it comes later."""
        path = request.target.partition(b"?")[0].decode("latin-1")
        language = "en" if path.startswith("/en/") else "id"
        parts = (path[3:] if language == "en" else path).strip("/").split("/")
        try:
            if parts[0] == "antre" and len(parts) > 1 and request.method in (b"GET", b"HEAD", b"POST"):
                hall = self.halls.get(parts[1])
                if hall is not None:
                    return _Visit(self, hall, request, language).answer(parts[2:])
                if parts[1] == "_" and (known := self._asset(path)):
                    return known
                if parts[1:] == ["_", "sehat"]:
                    return respond(200, b"ok\n", (("content-type", "text/plain"), *_NO_STORE))
                if not self.halls:  # its disk is not there: nginx asks another gate
                    return self.notice("fault", language, path, 502)
                if parts[1] in self._unreadable:
                    return self.notice("fault", language, path, 503)
            return self.notice("not_found", language, path, 404)
        except Exception as error:
            code = new_help_code()
            log.error("request_failed", help_code=code, reason=type(error).__name__, exc_info=True)
            return self.notice("fault", language, path, 500, help_code=code)

    def _asset(self, address: str) -> bytes | None:
        if known := self.ready.get(address.encode()):
            return known
        other = self.pages.asset_of_another_release(address)
        return self._send_asset(*other, "max-age=60") if other else None

    def _send_asset(self, kind: str, content: bytes, kept: str) -> bytes:
        headers = (("content-type", kind), ("cache-control", f"public, {kept}"), *self.safety)
        return respond(200, content, headers)

    def notice(
        self,
        name: str,
        language: str,
        path: str,
        status: int,
        *,
        problem: str = "",
        ticket: str = "",
        help_code: str = "",
        **facts: str,
    ) -> bytes:
        """A page with one thing to say; and what was wrong with what was typed there, or with us."""
        body = self.pages.render(
            "notice.html",
            language,
            path=path.removeprefix("/en") if language == "en" else path,
            headline=HEADLINES[name].of(language),
            text=TEXTS[name].of(language).format(**facts),
            problem=problem,
            ticket=ticket,
            help_code=help_code,
            resume=name == "closed",
            path_here=path.removeprefix("/en"),
            next_link=self.settings.site_url + ("/en" if language == "en" else "/"),
            next_text=TEXTS["to_site"].of(language),
        )
        return respond(status, body, (_HTML, *_NO_STORE, *self.safety, _PRIVATE))

    def page_lines(self, language: str, referrer: str) -> str:
        """The headers that pages in one language have in common."""
        found = self._page_lines.get((language, referrer))
        if found is None:
            headers = (
                _HTML,
                ("content-language", language),
                *_NO_STORE,
                *self.safety,
                ("referrer-policy", referrer),
            )
            found = self._page_lines[language, referrer] = lines_of(headers)
        return found

    def cookie(self, slug: str, ticket: str, until: int) -> tuple[str, str]:
        """Keeps the ticket in the browser until two weeks after closing, which may be moved by days without
        who has it coming here meanwhile; the site reads it too."""
        age = _KEPT_AFTER_S + max(0, until - int(time.time()))
        return self._cookie(slug, ticket, age)

    def no_cookie(self, slug: str) -> tuple[str, str]:
        """Forgets the ticket that the browser keeps."""
        return self._cookie(slug, "", 0)

    def _cookie(self, slug: str, ticket: str, age: int) -> tuple[str, str]:
        secure = "; Secure" if self._is_secure else ""
        value = f"antre_{slug}={ticket}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}"
        return ("set-cookie", value)


class _Visit:
    """One request to the pages of one event."""

    def __init__(self, gate: Gate, hall: Hall, request: Request, language: str) -> None:
        self.gate = gate
        self.hall = hall
        self.request = request
        self.language = language
        self.slug = hall.shelf.slug

    def answer(self, parts: list[str]) -> bytes | None:
        """Finds what is wanted."""
        is_post = self.request.method == b"POST"
        path, mark, query = self.request.target.partition(b"?")
        match parts:
            case [] | ["t", _] if path.endswith(b"/") and not is_post:
                return self.go_without_slash(path.decode("latin-1"), (mark + query).decode("latin-1"))
            case []:
                return self.join() if is_post else self.entrance()
            case ["t", text] if not is_post:
                return self.wait(text)
            case ["t", text, "siap"] if is_post:
                return self.ready(text)
            case ["tiket"] if is_post:
                return self.resume()
            case ["kode"] if is_post:
                return self.send_code()
            case ["tantangan"] if not is_post:
                return self.challenge()
            case ["tiket" | "kode"]:  # loaded again, as by a phone that had closed the tab of a form's answer
                return self.go_to_form()
            case ["d", *name] if not is_post and self.language == "id":  # documents have one address
                folder = self.hall.shelf.folder
                return published_files.send_document(self.request, folder, "/".join(name), self.gate.safety)
        return self.gate.notice("not_found", self.language, f"/antre/{self.slug}", 404)

    # ------------------------------------------------------------------ join

    def entrance(self) -> bytes:
        """The form; or the wait page of the ticket that this browser keeps."""
        query = self.request.target.partition(b"?")[2]
        ticket = cookie_ticket(self.request, self.slug)
        if ticket and query == f"{INSTEAD_OF}={mark_of(ticket)}".encode():
            return self.form(forgets=True)
        if ticket and query != b"baru":
            try:
                self.hall.joining.check(ticket)
            except Refusal:
                return self.form()
            return self.go_to(ticket)
        return self.form()

    def join(self) -> bytes | None:
        """A ticket, sent on once it is on the disk; straight to the site when nobody has to wait."""
        monotonic = time.monotonic()
        try:
            joined = self.hall.joining.join(self.request, self.address, monotonic=monotonic)
        except Refusal as refusal:
            return self.form(refusal)
        if joined is NoTicket.SHUT:
            return self.shut()
        if joined is NoTicket.DIRECT:
            return respond(303, b"", (("location", self.purchase()), *_NO_STORE))
        if joined.is_durable:
            return self.lead_to(joined.text)

        def tell(is_durable: bool) -> None:
            failed = Refusal(Kind.UNAVAILABLE, "disk.failed")
            self.request.answer(self.lead_to(joined.text) if is_durable else self.form(failed))

        self.hall.room.when_durable(tell)
        return None

    def form(
        self, refusal: Refusal | None = None, *, code_for: Contact | None = None, forgets: bool = False
    ) -> bytes:
        """The page with the form, or what stands in its place before and after. `forgets`: the browser's
        ticket, because the site refused it."""
        hall = self.hall
        if hall.room.window() is None:
            return self.shut(refusal)
        status = hall.shelf.status
        schedule, now = hall.shelf.config.schedule, hall.room.now()
        closes = moment_text(schedule.closes_at, self.language, hall.facts.zone)
        direct = self.purchase() if hall.room.enters_directly() else ""
        asks = hall.joining.load.asks_for_work(time.monotonic())
        wrong = refusal.code if refusal else ""
        typed = self._typed(refusal)
        lacks_work = wrong == "work.missing"
        facts = {
            "problem": PROBLEMS[wrong].of(self.language) if wrong else "",
            "is_contact_wrong": wrong == "contact.unreadable",
            "is_ticket_wrong": wrong.startswith("ticket."),
            "note": getattr(status.note, self.language) if status else "",
            "is_lottery": now < schedule.opens_at,
            "direct": direct,
            "enter_before": closes if direct else "",
            "is_last_call": schedule.last_call_at is not None and now >= schedule.last_call_at,
            "served_before": closes if hall.shelf.config.policy.line_counts else "",
            "opens": moment_text(schedule.opens_at, self.language, hall.facts.zone),
            "needs_work": (asks or lacks_work) and code_for is None,
            "lacks_work": lacks_work,
            "needs_code": code_for is not None,
            "contact": code_for.value if code_for else typed.contact,
            "ticket": typed.ticket,
        }
        body = self._rendered(facts)
        more = [self.gate.no_cookie(self.slug)] if forgets else []
        return self.page(http_status(refusal), body, *more, referrer="same-origin")

    def _rendered(self, facts: dict[str, str | bool]) -> bytes:
        """The page with the form; the same for everybody who gave no contact yet, so it is kept."""
        kept, said = self.hall.entrances, (self.language, *facts.values())
        if (known := kept.get(said)) is not None:
            return known
        body = self.gate.pages.render(
            "join.html", self.language, path=f"/antre/{self.slug}", event=self.hall.facts, **facts
        )
        if not (facts["contact"] or facts["ticket"]):
            if len(kept) >= _ENTRANCES_MAX:
                kept.clear()
            kept[said] = body
        return body

    def _typed(self, refusal: Refusal | None) -> Form:
        """What stands in the form when it is shown again: what was typed, where that was refused."""
        nothing = Form("", "", "", "")
        if refusal is None or self.request.method != b"POST":
            return nothing
        try:
            form = read_form(self.request)
        except (Refusal, ValueError):
            return nothing
        cut = {"contact": form.contact[:_CONTACT_TEXT_MAX], "ticket": form.ticket[:_TICKET_TEXT_MAX]}
        return msgspec.structs.replace(form, **cut)

    def shut(self, refusal: Refusal | None = None) -> bytes:
        """Nobody can join: not yet, or no more. `refusal`: of the form; what is said of a ticket is told."""
        schedule, zone = self.hall.shelf.config.schedule, self.hall.facts.zone
        name = "not_yet" if self.hall.room.now() < schedule.joins_from else "closed"
        moment = schedule.joins_from if name == "not_yet" else schedule.closes_at
        wrong = refusal if refusal is not None and refusal.code.startswith("ticket.") else None
        return self.gate.notice(
            name, self.language, f"/antre/{self.slug}", 200 if self.request.method != b"POST" else 409,
            problem=PROBLEMS[wrong.code].of(self.language) if wrong else "", ticket=self._typed(wrong).ticket,
            event=self.hall.facts.name, moment=moment_text(moment, self.language, zone),
        )  # fmt: skip

    def challenge(self) -> bytes:
        """Something to compute."""
        joining = self.hall.joining
        difficulty = joining.load.difficulty(time.monotonic())
        body = msgspec.json.encode(joining.work.challenge(self.hall.room.now(), difficulty=difficulty))
        return respond(200, body, (("content-type", "application/json"), *_NO_STORE, *self.gate.safety))

    def send_code(self) -> bytes | None:
        """For people without JavaScript: a code to their contact instead of work. What the form itself gives
        where no work is asked for, or nobody can join."""
        joining, name = self.hall.joining, self.hall.facts.name
        if self.hall.room.window() is None or not joining.needs_work(self.address, time.monotonic()):
            return self.join()
        subject, text = {
            "id": ("Kode antrean", f"Kode antrean {name}: {{code}}. Jangan berikan kepada siapa pun."),
            "en": ("Queue code", f"Your code for the queue of {name}: {{code}}. Give it to nobody."),
        }[self.language]
        try:
            form = read_form(self.request)
            contact = joining.contact_for_code(form, self.address, monotonic=time.monotonic())
            joining.codes.send(
                contact, self.hall.room.now(), subject=subject, text=text, language=self.language
            )
        except Refusal as refusal:
            return self.form(refusal)
        return self.form(code_for=contact)

    # ------------------------------------------------------------------ wait

    def wait(self, text: str, *, is_moved: bool = False) -> bytes:
        """The wait page. `is_moved`: as the answer to a form."""
        hall = self.hall
        try:
            ticket = hall.joining.check(text)
        except Refusal as refusal:
            return self.form(refusal)
        now = hall.room.now()
        joined_here = hall.room.journal.count(ticket.window)
        told = hall.wait_pages.told(ticket, now=now, joined_here=joined_here)
        self._note_presence(ticket, told.standing)
        if (done_by := told.verdict.done_by) is not None:
            promise = Promise(id=ticket.id, window=ticket.window, given_at=int(now), done_by=done_by)
            hall.promises.give(promise)
        body = hall.wait_pages.page(text, ticket, told, language=self.language, now=now, is_moved=is_moved)
        more: tuple[tuple[str, str], ...] = ()
        if is_moved:
            more = (("content-location", address_of(self.slug, text, self.language)), self.keeps(text))
        elif not cookie_ticket(self.request, self.slug):
            more = (self.keeps(text),)
        return self.page(200, body, *more)

    def ready(self, text: str) -> bytes:
        """A sign of life shortly before the turn; counted once."""
        hall = self.hall
        try:
            ticket = hall.joining.check(text)
        except Refusal:
            return respond(403, b"", (*_NO_STORE, *self.gate.safety))
        self._note_presence(ticket, standing_of(hall.shelf, ticket))
        return respond(204, b"", (*_NO_STORE, *self.gate.safety))

    def _note_presence(self, ticket: Ticket, standing: Standing) -> None:
        """Who looks shortly before the turn will come, and who looks around closing is in line."""
        pings, now = self.hall.pings, self.hall.room.now()
        is_soon = standing.soonest_s is not None and standing.soonest_s <= READY_WITHIN_S
        if is_soon and standing.number is not None and not standing.is_called:
            pings.ready(ticket)
        closes_at = self.hall.shelf.config.schedule.closes_at
        if abs(now - closes_at) <= PRESENT_AROUND_CLOSING_S:
            pings.present(ticket, now, closes_at=closes_at)

    def resume(self) -> bytes:
        """Goes on with a ticket that was typed, pasted or scanned."""
        try:
            text = typed_ticket(self.request)
            self.hall.joining.check(text)
        except Refusal as refusal:
            return self.form(refusal)
        return self.lead_to(text)

    # ----------------------------------------------------------------- parts

    def purchase(self) -> str:
        """Where the site begins a purchase for the event."""
        return f"{self.gate.settings.site_url}{self.prefix}/beli?acara={self.slug}"

    @property
    def prefix(self) -> str:
        """Before an address in this language."""
        return "/en" if self.language == "en" else ""

    @property
    def address(self) -> str:
        """Whence a request comes: as a proxy that we trust says, else the peer."""
        told = self.request.header(b"x-forwarded-for").decode("latin-1")
        return self.gate.settings.proxies.caller(self.request.peer, told)

    def keeps(self, ticket: str) -> tuple[str, str]:
        """The cookie that keeps a ticket."""
        return self.gate.cookie(self.slug, ticket, self.hall.shelf.config.schedule.closes_at)

    def lead_to(self, ticket: str) -> bytes:
        """The answer to a form that gave this ticket: its wait page, at once where the page's script can show
        it (docs/decisions/0022)."""
        if is_straight(self.request):
            return self.wait(ticket, is_moved=True)
        return self.go_to(ticket, self.keeps(ticket))

    def go_to(self, ticket: str, *more: tuple[str, str]) -> bytes:
        """303 to the wait page."""
        where = ("location", address_of(self.slug, ticket, self.language))
        return respond(303, b"", (where, *more, *_NO_STORE, _PRIVATE))

    def go_without_slash(self, path: str, query: str) -> bytes:
        """301 to the page whose address somebody ended with a slash: its script asks beside that address."""
        address = "/" + path.strip("/") + query
        if len(address) > _ADDRESS_MAX:
            return self.gate.notice("not_found", self.language, f"/antre/{self.slug}", 404)
        return respond(301, b"", (("location", address), *_NO_STORE, _PRIVATE))

    def go_to_form(self) -> bytes:
        """303 to the page with the form."""
        return respond(303, b"", (("location", f"{self.prefix}/antre/{self.slug}"), *_NO_STORE))

    def page(self, status: int, body: bytes, *more: tuple[str, str], referrer: str = "no-referrer") -> bytes:
        """An HTML answer for one person."""
        return respond(status, body, more, always=self.gate.page_lines(self.language, referrer))
