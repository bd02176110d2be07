"""The rules as they were in force while the log was written."""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.settings import NO_BEACON
from meterai.waiting_room.auditing.findings import Findings
from meterai.waiting_room.auditing.patience import Patience
from meterai.waiting_room.auditing.sources import DOCUMENT_BYTES_MAX, Source, Unreadable
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.log_facts import ConfigFacts
from meterai.waiting_room.files.published_documents import LOG_STATES, Config
from meterai.waiting_room.files.window_files import digest
from meterai.waiting_room.rules.beacon_rounds import is_beacon
from meterai.waiting_room.rules.model import Schedule
from meterai.waiting_room.rules.windows import LOGGED_LATE_S, first_number, fixed_of

NAME = "config.json"
CUT_AT_S = 5
"""Between a cut of time and its entry in the log."""
CLOSED_LATE_S = 5
"""The clocks of several machines differ."""


class RulesCheck:
    """The rules in force. `now`: those at this place of the log, or the published ones before its first
    entry.

    Raises on making: Unreadable when there are no readable rules.
    """

    def __init__(self, source: Source, findings: Findings) -> None:
        self._source, self._findings = source, findings
        raw = source.read(NAME)
        if raw is None:
            raise Unreadable(f"{NAME} is not there")
        self.published, self.key = read_config(raw)
        self.now = self.published
        self.versions = 0
        self.first_window = first_number(self.now.schedule)
        """By the first rules in the log, because later rules may cut time again."""
        self._open_until = 0.0
        """By all rules so far. An earlier closing never closes windows that are over."""
        self._last_version = 0
        self._last_sha256 = ""
        self._logged: set[str] = set()
        self._is_older_log = False

    def on_config(self, n: int, at: int, facts: ConfigFacts, *, closed_through: int | None) -> bool:
        """Takes up rules that an entry brings into force. Returns whether they cut time again."""
        self._findings.examined("rules")
        self.versions += 1
        self._logged.add(facts.sha256)
        self._last_sha256 = facts.sha256
        if facts.version <= self._last_version:
            self._findings.add("rules.order", n, version=facts.version, before=self._last_version)
        self._last_version = max(self._last_version, facts.version)
        config = self._document(n, facts)
        if config is None:
            return False
        if self.versions == 1:
            self.first_window = first_number(config.schedule)
        elif not _may_become(self.now.schedule, config.schedule, at, closed_through):
            self._findings.add("rules.schedule", n, version=facts.version)
        if _anchors(config) != _anchors(self.published):
            self._findings.add("rules.commitment", n, version=facts.version)
        self._warn_of_older_log(n, config)
        is_cut = self.versions > 1 and config.schedule.opens_at != self.now.schedule.opens_at
        closed_at = max(config.schedule.closes_at, min(at, self._open_until))
        self._open_until = math.inf if config.policy.line_counts else closed_at
        self.now = config
        return is_cut

    def is_over(self, at: int) -> bool:
        """Whether nobody may be called or let in any more.

        So it is when the queue is closed and being in line does not count.
        """
        return at > self._open_until + CLOSED_LATE_S

    def finish(self, patience: Patience, read_on: Callable[[], bytes]) -> None:
        """Compares the published rules with those of the last entry.

        Rules are published before their entry is written, so newer ones may be there by now. `read_on`
        returns the entries that the log has got since it was read.
        """
        while (lies_there := digest(self._source.read(NAME) or b"")) != self._last_sha256:
            if lies_there.encode() in read_on():
                return
            if not patience.wait():
                code = "rules.outdated" if lies_there in self._logged else "rules.unlogged"
                self._findings.add(code, version=self.published.version, last=self._last_version)
                return

    def _warn_of_older_log(self, n: int, config: Config) -> None:
        """Says that some checks need a newer log. An older release writes the older one, also in between."""
        if config.log < LOG_STATES and not self._is_older_log:
            self._is_older_log = True
            self._findings.warn("rules.older_log", n, version=config.version)

    def _document(self, n: int, facts: ConfigFacts) -> Config | None:
        raw = self._source.read(f"configs/{facts.version}.json")
        if raw is None and facts.version == self.published.version:
            raw = self._source.read(NAME)
        if raw is None:
            self._findings.add("rules.missing", n, version=facts.version)
            return None
        if digest(raw) != facts.sha256:
            self._findings.add("rules.changed", n, version=facts.version)
        try:
            return published_documents.read(raw, Config, self.key)
        except Refusal:
            self._findings.add("rules.forged", n, version=facts.version)
            return None


def read_config(raw: bytes) -> tuple[Config, Ed25519PublicKey]:
    """Reads rules that are signed with the key they name. Raises: Unreadable."""
    if len(raw) > DOCUMENT_BYTES_MAX:
        raise Unreadable(f"{NAME} is too long")
    try:
        config = published_documents.decode(raw, Config)
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(config.controller_key))
        return published_documents.read(raw, Config, key), key
    except Refusal as refusal:
        forged = refusal.kind is Kind.FORBIDDEN
        raise Unreadable(f"{NAME} is {'not signed by its key' if forged else 'no rules'}") from None
    except (ValueError, msgspec.MsgspecError):
        raise Unreadable(f"{NAME} names no key") from None


def _may_become(old: Schedule, new: Schedule, at: int, closed_through: int | None) -> bool:
    """Whether a schedule may follow another one.

    - The last call and the closing may change at any time.
    - Time is cut again when people have to wait again after the opening.
    - Everything may change while nobody can join yet. Windows that a clock closed ahead of time do not count.
    """
    if fixed_of(new) == fixed_of(old):
        return True
    is_early = at <= old.joins_from + LOGGED_LATE_S
    if is_early and (closed_through is None or first_number(new) > closed_through):
        return True
    is_now = abs(new.opens_at - at) <= CUT_AT_S or new.opens_at == new.closes_at - 1 < at
    has_opened = at >= old.opens_at
    is_behind = closed_through is None or new.first_window > closed_through
    is_cut = new.joins_from == new.opens_at and new.window_s == old.window_s
    return is_cut and is_now and has_opened and is_behind


def _anchors(config: Config) -> tuple[object, ...]:
    """What must never change: the signing keys, and the commitment to the seeds."""
    keys = config.controller_key, tuple(sorted(config.ticket_keys.items()))
    beacon = config.beacon if is_beacon(config.beacon) else NO_BEACON
    return config.event, config.commitment, config.chain_length, keys, beacon
