"""Plays one purchase, step by step, until it is cancelled, or paid, stamped and verified."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from html import unescape
from typing import Final

import msgspec
import structlog

from meterai.kit.measures import seconds
from meterai.status_page.probe.browser import Browser, Page, Stopped
from meterai.status_page.probe.document import make_document
from meterai.status_page.probe.forms import form_to, form_with
from meterai.status_page.probe.run import DOORS, Failure, Reach, Run, Step, Taken, Why

log = structlog.get_logger(__name__)
STEP_SECONDS_MAX: Final = 10.0
_CHARGE_SECONDS_MAX: Final = 20.0
"""A charge whose answer was lost is asked for again after twelve seconds."""
_PAID_SECONDS_MAX: Final = 30.0
_STAMPED_SECONDS_MAX: Final = 90.0
_LOOK_SECONDS: Final = 1.0
_WAIT_SECONDS_MAX: Final = 60
_STEPS: Final = seconds("probe_step", "Time of the steps of the probe's purchase.", "step", "outcome")
_NUMBER: Final = re.compile(r"/pesanan/([0-9A-Z-]{12,20})(?:/|$)")
_STATE: Final = re.compile(r'data-state="([a-z_]+)"')
_CHARGED: Final = re.compile(r'class="small soft reference"|class="va"')
"""What a payer needs is on the page: it names the payment beside the code, or shows a number to pay to."""
_PAY_PAGE: Final = re.compile(r'href="(https?://[^"]+/pay/[^"]+)"')
_VERDICT: Final = re.compile(r'data-verdict="([A-Z_]+)"')
_GENUINE: Final = "ASLI"
_DOCUMENT: Final = "uji-layanan.pdf"


class _Told(msgspec.Struct, frozen=True):
    """What the site tells the probe when it signs in."""

    open_order: str | None = None
    wait_s: int = 0


class Journey:
    """One purchase. `now`: its moment, which stands in its document."""

    def __init__(
        self,
        browser: Browser,
        secret: str,
        *,
        reach: Reach,
        now: datetime,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._browser, self._secret, self._reach = browser, secret, reach
        self._now, self._pause, self._clock = now, pause, clock
        self._taken: list[Taken] = []
        self._number = ""

    async def play(self) -> Run:
        """Goes as far as it can. An order that can still be paid is cancelled at the end."""
        began, waited = self._clock(), 0.0
        failure = None
        try:
            waited = await self._begin()
            await self._order()
            await (self._cancel() if self._reach == "unpaid" else self._finish())
        except _Failed as failed:
            failure = failed.failure
            await self._tidy_up()
        return Run(
            at=self._now,
            reach=self._reach,
            seconds=round(max(0.0, self._clock() - began - waited), 2),
            steps=tuple(self._taken),
            failure=failure,
        )

    async def _begin(self) -> float:
        """Comes in, ends what an earlier run left, and waits for its minute. Returns how long that took."""
        await self._step(Step.HOME, self._come_home())
        told = await self._step(Step.SIGN_IN, self._sign_in())
        if told.open_order:
            self._number = told.open_order
            await self._step(Step.TIDY_UP, self._end_order())
        before = self._clock()
        if told.wait_s > 0:
            await self._pause(min(told.wait_s, _WAIT_SECONDS_MAX))
        return self._clock() - before

    async def _order(self) -> None:
        """Brings a document, places the stamp, and orders it."""
        page = await self._step(Step.FORM, self._open_form())
        page = await self._step(Step.UPLOAD, self._upload(page))
        page = await self._step(Step.PLACE, self._place(page))
        await self._step(Step.ORDER, self._send_order(page))
        await self._step(
            Step.CHARGE, self._until(_CHARGED.search, "", "awaiting_payment"), within=_CHARGE_SECONDS_MAX
        )

    async def _cancel(self) -> None:
        await self._step(Step.CANCEL, self._end_order())

    async def _finish(self) -> None:
        """Pays at the sandbox, waits for the stamp, and has the file verified."""
        await self._step(Step.PAY, self._pay())
        paid = self._until(_STATE.search, "/keadaan", "paid", "completed")
        await self._step(Step.PAID, paid, within=_PAID_SECONDS_MAX)
        stamped = self._until(_STATE.search, "/keadaan", "completed")
        await self._step(Step.STAMPED, stamped, within=_STAMPED_SECONDS_MAX)
        file = await self._step(Step.DOWNLOAD, self._download())
        await self._step(Step.VERIFY, self._verify(file))

    # --------------------------------------------------------------------------------------------- the steps

    async def _come_home(self) -> None:
        (await self._browser.open("/")).expect()

    async def _sign_in(self) -> _Told:
        page = await self._browser.knock("/uji", self._secret)
        if page.status == 404:
            raise Stopped(Why.OFF, page.status)
        return msgspec.json.decode(page.expect().body, type=_Told)

    async def _open_form(self) -> Page:
        return (await self._browser.open("/beli")).expect()

    async def _upload(self, page: Page) -> Page:
        form = form_with(page.text, "kiriman")
        document = make_document(self._now)
        sent = await self._browser.send(page, form, files={form.files[0]: (_DOCUMENT, document)})
        if sent.status == 409:
            raise Stopped(Why.TOO_SOON, sent.status)
        found = _NUMBER.search(sent.expect().url)
        if found is None:  # the document was refused: the form is shown again
            raise Stopped(Why.UNEXPECTED, sent.status)
        self._number = found[1]
        return sent

    async def _place(self, page: Page) -> Page:
        return (await self._browser.send(page, form_with(page.text, "letak", "halaman"))).expect()

    async def _send_order(self, page: Page) -> Page:
        return (await self._browser.send(page, form_with(page.text, "cara"))).expect()

    async def _end_order(self) -> None:
        """Cancels an order if it can still be paid."""
        page = (await self._browser.open(self._address())).expect()
        if _state_of(page) != "awaiting_payment":
            return
        page = (await self._browser.send(page, form_to(page.text, "/batal"))).expect()
        if _state_of(page) != "cancelled":
            raise Stopped(Why.UNEXPECTED, page.status)

    async def _pay(self) -> None:
        page = (await self._browser.open(self._address())).expect()
        found = _PAY_PAGE.search(page.text)
        if found is None:
            raise Stopped(Why.UNEXPECTED, page.status)
        bill = (await self._browser.open(unescape(found[1]))).expect()
        (await self._browser.send(bill, form_to(bill.text, ""), fields={"pay": "1"})).expect()

    async def _download(self) -> bytes:
        page = (await self._browser.open(self._address("/unduh/1"))).expect()
        if not page.body.startswith(b"%PDF-"):
            raise Stopped(Why.UNEXPECTED, page.status)
        return page.body

    async def _verify(self, file: bytes) -> None:
        page = (await self._browser.open("/periksa")).expect()
        form = form_with(page.text, "berkas")
        judged = (await self._browser.send(page, form, files={"berkas": (_DOCUMENT, file)})).expect()
        found = _VERDICT.search(judged.text)
        if found is None or found[1] != _GENUINE:
            raise Stopped(Why.UNEXPECTED, judged.status)

    # ----------------------------------------------------------------------------------------------- helpers

    def _address(self, below: str = "") -> str:
        return f"/pesanan/{self._number}{below}"

    async def _until(self, shows: Callable[[str], object], below: str, *states: str) -> None:
        """Looks at the order until it is in one of these states, and its page shows this."""
        while True:
            page = (await self._browser.open(self._address(below))).expect()
            if _state_of(page) in states and shows(page.text):
                return
            await self._pause(_LOOK_SECONDS)

    async def _step[T](self, step: Step, work: Awaitable[T], *, within: float = 0) -> T:
        """Does a step within its time, and notes how long it took. 0: a page's time. Raises: _Failed."""
        began = self._clock()
        why, status = Why.UNEXPECTED, 0
        try:
            async with asyncio.timeout(within or STEP_SECONDS_MAX):
                done = await work
            took = self._clock() - began
            self._taken.append(Taken(step=step, door=DOORS[step], seconds=round(took, 2)))
            _STEPS.labels(step, "ok").observe(took)
            return done
        except Stopped as stopped:
            why, status = stopped.why, stopped.status
        except TimeoutError:
            why = Why.LATE
        except Exception as error:  # whatever a broken page does to the one who reads it
            log.warning("probe_answer_unreadable", step=step, error=type(error).__name__)
        _STEPS.labels(step, "failed").observe(self._clock() - began)
        failure = Failure(step=step, door=DOORS[step], why=why)
        say = log.warning if failure.is_of_service else log.error
        say("probe_failed", step=step, door=DOORS[step], why=why, status=status)
        raise _Failed(failure)

    async def _tidy_up(self) -> None:
        """Cancels the order that a failure left, if that is possible. The next run tries again."""
        if not self._number:
            return
        with suppress(Exception):
            async with asyncio.timeout(STEP_SECONDS_MAX):
                await self._end_order()


class _Failed(Exception):
    """A step failed."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure
        super().__init__(failure)


def _state_of(page: Page) -> str:
    found = _STATE.search(page.text)
    return found[1] if found else ""
