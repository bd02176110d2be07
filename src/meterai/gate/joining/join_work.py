"""The work that a join needs: the more places a network or a mail domain has, the more.

A network is the /24 of an IPv4 address; of IPv6 the /64, the /48 and the /32 count. Mailboxes count by the
registrable domain, except at large mail providers. Counts are those of this gate, and fade by half in an
hour. While many people join, everybody needs work.
"""

from __future__ import annotations

from meterai.customers.contacts import Contact
from meterai.gate.joining.form_fields import Form
from meterai.gate.joining.join_load import JoinLoad
from meterai.gate.joining.mail_domains import MailDomains
from meterai.kit.fading_counts import FadingCounts, halved_in
from meterai.kit.http.client_network import blocks_of
from meterai.kit.http.used_once import UsedOnce
from meterai.kit.http.work_demand import WorkDemand, WorkSent, difficulty_of, wait_of

HALF_LIFE_S = 3_600.0
"""In which counts fade by half."""


class JoinWork:
    """The work of joins to one event at this gate. `key`: 32 secret bytes, the same at all its gates."""

    def __init__(self, key: bytes, load: JoinLoad, domains: MailDomains) -> None:
        self.demand = WorkDemand(key, "join")
        self._load = load
        self._domains = domains
        self._places = FadingCounts(halved_in(HALF_LIFE_S))
        self._by_waiting = FadingCounts(halved_in(HALF_LIFE_S))
        self._used = UsedOnce()
        self._named: tuple[str, tuple[tuple[str, float], ...]] = ("", ())

    def require(self, form: Form, contact: Contact, address: str, *, now: float, monotonic: float) -> bool:
        """Checks that a join brings the work that it needs. Returns whether it waited for it.

        `now`: the queue's time. Raises: WorkNeeded.
        """
        difficulty = self.difficulty(contact, address, monotonic)
        if not difficulty:
            return False
        sent, about = WorkSent(form.solution, form.wait), contact.name_in_line
        done = self.demand.done(sent, now, address=address, about=about)
        wait_s = wait_of(self._by_waiting.most(self._names(contact, address), monotonic))
        if done.is_enough(difficulty, wait_s):
            if self._used.use(done.name, done.expires, now):
                return done.difficulty == 0
            sent = WorkSent()
        raise self.demand.needed(
            sent, now, address=address, about=about, difficulty=difficulty, wait_s=wait_s
        )

    def count(self, contact: Contact, address: str, monotonic: float, *, has_waited: bool) -> None:
        """Counts a place that was given."""
        for name, _ in self._names(contact, address):
            self._places.add(name, monotonic)
            if has_waited:
                self._by_waiting.add(name, monotonic)

    def difficulty(self, contact: Contact | None, address: str, monotonic: float) -> int:
        """How difficult the work of a join is now; 0: it needs none."""
        if self._load.is_off:
            return 0
        counted = difficulty_of(self._places.most(self._names(contact, address), monotonic))
        return max(counted, self._load.difficulty(monotonic))

    def _names(self, contact: Contact | None, address: str) -> tuple[tuple[str, float], ...]:
        """What counts together with this join, and how much one of it counts."""
        if self._named[0] != address:
            self._named = (address, blocks_of(address))
        blocks = self._named[1]
        domain = self._domains.counted(contact.value) if contact and contact.kind == "email" else ""
        return (*blocks, (domain, 1.0)) if domain else blocks
