"""The work that requests for codes need: a network's strangers by what the network asked for before.

Networks count as at the gate (`gate/joining/join_work.py`): about 30 requests an hour are free. Counts are
those of this process. The database counts the requests for a contact (`customers.ask_for_code`). Programs on
this machine are not counted: a proxy here names its visitors (`kit/http/proxies.py`).
"""

from __future__ import annotations

from collections.abc import Callable

from meterai.customers.codes import Asker, WorkBrought
from meterai.customers.contacts import Contact
from meterai.kit.application_secret import honoured
from meterai.kit.fading_counts import FadingCounts, halved_in
from meterai.kit.http.client_network import blocks_of
from meterai.kit.http.used_once import UsedOnce
from meterai.kit.http.work_demand import (
    WorkDemand,
    WorkDone,
    WorkNeeded,
    WorkSent,
    difficulty_of,
    wait_of,
)

HALF_LIFE_S = 3_600.0
_HERE = "127."


class WorkAsked(Exception):
    """Ends a request whose form must bring work. The answer is a page that sends the form again."""

    def __init__(self, needed: WorkNeeded) -> None:
        super().__init__(needed.code)
        self.needed = needed


class CodeWork:
    """The work of requests for codes at this process. `secret`: the same at all of them."""

    def __init__(self, secret: Callable[[], bytes]) -> None:
        self._secret = secret
        self._asked = FadingCounts(halved_in(HALF_LIFE_S))
        self._by_waiting = FadingCounts(halved_in(HALF_LIFE_S))
        self._used = UsedOnce()

    def read(
        self, sent: WorkSent, contact: Contact, address: str, *, now: float, monotonic: float
    ) -> WorkBrought:
        """Reads and uses up the work in a form. `now`: Unix seconds."""
        needed = difficulty_of(self._asked.most(_names(address), monotonic))
        demand = self._demand_of(sent, contact, address, now)
        done = demand.done(sent, now, address=address, about=contact.value)
        waited = done.waited_s > 0 and done.waited_s >= self._wait_s(contact, address, monotonic)
        if not (done.difficulty or waited) or not self._used.use(done.name, done.expires, now):
            done, waited = WorkDone(), False
        return WorkBrought(needed=needed, work=done.difficulty, waited=waited)

    def count(
        self, contact: Contact, address: str, brought: WorkBrought, asked_as: Asker, monotonic: float
    ) -> None:
        """Counts a request that was granted."""
        if asked_as is not Asker.STRANGER:
            return
        names = [name for name, _ in _names(address)]
        for name in names:
            self._asked.add(name, monotonic)
        for name in (*names, contact.value) if brought.waited else ():
            self._by_waiting.add(name, monotonic)

    def ask(
        self,
        sent: WorkSent,
        contact: Contact,
        address: str,
        difficulty: int,
        *,
        now: float,
        monotonic: float,
    ) -> WorkAsked:
        """The request for work of this difficulty, or for a wait."""
        wait_s = self._wait_s(contact, address, monotonic)
        needed = self._demand_of(sent, contact, address, now).needed(
            sent, now, address=address, about=contact.value, difficulty=difficulty, wait_s=wait_s
        )
        return WorkAsked(needed)

    def _demand_of(self, sent: WorkSent, contact: Contact, address: str, now: float) -> WorkDemand:
        """That of the secret with which the form's work or wait was begun; for others the secret of now."""
        secret = self._secret()
        found = [WorkDemand(one, "code") for one in honoured(secret)] if sent.solution or sent.wait else []
        begun = (one for one in found if one.done(sent, now, address=address, about=contact.value).name)
        return next(begun, WorkDemand(secret, "code"))

    def _wait_s(self, contact: Contact, address: str, monotonic: float) -> float:
        return wait_of(self._by_waiting.most((*_names(address), (contact.value, 1.0)), monotonic))


def _names(address: str) -> tuple[tuple[str, float], ...]:
    is_here = address.startswith(_HERE) or address == "::1"
    return () if is_here else blocks_of(address)
