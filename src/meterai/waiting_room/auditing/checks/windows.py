"""Windows: closed in order, with lists that match their logged hashes, and seeds that match their
commitment."""

from __future__ import annotations

from collections.abc import Iterator

from meterai.kernel.refusals import Kind, Refusal
from meterai.waiting_room.auditing.checks.beacons import is_later
from meterai.waiting_room.auditing.checks.clock import SLACK_S
from meterai.waiting_room.auditing.checks.rules import RulesCheck
from meterai.waiting_room.auditing.findings import Findings
from meterai.waiting_room.auditing.notes import Notes
from meterai.waiting_room.auditing.patience import Patience
from meterai.waiting_room.auditing.sources import Source
from meterai.waiting_room.auditing.window_list import WindowList
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.log_facts import ChainFacts, CloseFacts, DeadGateFacts, RevealFacts
from meterai.waiting_room.files.published_documents import Close, Document, Reveal
from meterai.waiting_room.files.window_files import RECORD, digest
from meterai.waiting_room.rules.beacon_rounds import due_at, is_beacon, round_for
from meterai.waiting_room.rules.draw import place_of, window_seed
from meterai.waiting_room.rules.seeds import follows
from meterai.waiting_room.rules.windows import end_of, last_number

WINDOWS_AHEAD = 5
"""A gate whose clock is set back a little has given tickets of windows that are still open."""


class WindowCheck:
    """What the log has said about windows so far."""

    def __init__(
        self, source: Source, rules: RulesCheck, notes: Notes, *, findings: Findings, patience: Patience
    ) -> None:
        self._source, self._rules, self._notes = source, rules, notes
        self._findings, self._patience = findings, patience
        self.closed_through: int | None = None
        self.revealed_through: int | None = None
        self.joins = 0
        self.people_last = 0
        """The different people of the last closed window; in older documents its joins."""
        self.count = 0
        self.dead_gates = 0
        self.joined_last = -1
        """The last closed window in which somebody joined."""
        self.open_when_set_right: set[int] = set()
        """Windows that were open when a clock was set right. Their tickets may bear dates after their end."""
        self._untold: dict[int, tuple[bytes, int, bool]] = {}
        """Window -> its root, the time of its end in the log, and whether that time was long over.

        Kept until the window's seed is published.
        """
        self._drawn_at = 0
        """The latest time at which a list was closed that is drawn with a round of the beacon.

        That time is over, whatever the log says about clocks, and the rounds until then are known.
        """
        self._seeds: dict[int, bytes] = {}
        self._ends: dict[int, int] = {}
        self._link: tuple[int, bytes] | None = None
        self._chains: list[bytes] = []
        """Commitments to the second and later chains of seeds."""

    @property
    def first(self) -> int:
        """The number of the first window."""
        return self._rules.first_window

    def place_of(self, window: int, id: bytes) -> int | None:
        """The place of an id; None: the seed of the window is not published yet."""
        seed = self._seeds.get(window)
        return None if seed is None else place_of(seed, id)

    @property
    def listed_through(self) -> int:
        """The last window of which gates gave no earlier ticket in a window that is still open."""
        closed = -1 if self.closed_through is None else self.closed_through
        is_last = closed >= last_number(self._rules.now.schedule)
        return closed if is_last else closed - WINDOWS_AHEAD

    def ended_at(self, window: int) -> int | None:
        """When a window ended, as published; None: it is not closed yet."""
        return self._ends.get(window)

    def draw_due_at(self, window: int) -> int | None:
        """When a closed window can be drawn; None: it is not closed, or its beacon has no known dates."""
        if (closed := self._untold.get(window)) is None:
            return None
        if not is_beacon(source := self._rules.now.beacon):
            return closed[1]
        number = round_for(source, closed[1])
        return None if number is None else due_at(source, number)

    # ----------------------------------------------------------------- closing

    def on_close(self, n: int, at: int, facts: CloseFacts) -> None:
        """Checks the end of a window."""
        self._findings.examined("window")
        self.count += 1
        expected = self.first if self.closed_through is None else self.closed_through + 1
        if facts.window != expected:
            self._findings.add("window.order", n, window=facts.window, expected=expected)
        self.closed_through = max(facts.window, self.closed_through or 0)
        is_past = at < self._drawn_at - self._rules.now.schedule.window_s - SLACK_S
        self._untold[facts.window] = (_bytes(facts.root), at, is_past)
        self._ends[facts.window] = at
        if facts.count:
            self.joined_last = max(facts.window, self.joined_last)
        ends_at = end_of(self._rules.now.schedule, facts.window)
        if at < ends_at:
            self._findings.add("window.early", n, window=facts.window, seconds=ends_at - at)
        close = self._close_document(n, facts)
        if close is not None and close.ends_at > ends_at:
            self._findings.add("window.end", n, window=facts.window)
        self.people_last = facts.count if close is None or close.people is None else close.people
        if close is not None and close.people is not None:
            self._notes.add("people", n, facts.window, close.people)
        self._read_list(n, facts, close)

    def on_dead_gate(self, n: int, facts: DeadGateFacts) -> None:
        """Notes that a gate did not report its counts. The entry stands between the window's end and its
        seed."""
        self.dead_gates += 1
        if facts.window != self.closed_through:
            self._findings.add("late.death_afterwards", n, window=facts.window, gate=facts.gate)
        self._notes.add("dead", n, facts.window, facts.gate)

    def on_clock_set_right(self) -> None:
        """Notes that a clock had been ahead. People joined by it in windows that now end earlier."""
        closed = -1 if self.closed_through is None else self.closed_through
        self.open_when_set_right.update(range(closed + 1, self._rules.now.schedule.first_window + 1))

    def _close_document(self, n: int, facts: CloseFacts) -> Close | None:
        raw = self._source.read(f"w/{facts.window}.close.json")
        if raw is None:
            self._findings.add("window.missing", n, window=facts.window)
            return None
        close = self._read(raw, Close, "window.forged", n, facts.window)
        if close is None:
            return None
        told = (close.window, close.count, close.root, close.event)
        if digest(raw) != facts.sha256 or told != (
            facts.window, facts.count, facts.root, self._rules.published.event,
        ):  # fmt: skip
            self._findings.add("window.changed", n, window=facts.window)
        self._ends[facts.window] = close.ends_at
        return close

    def _read_list(self, n: int, facts: CloseFacts, close: Close | None) -> None:
        """Reads the list of a window in pieces and notes every join."""
        found = WindowList()
        records = _records(self._source.pieces(f"w/{facts.window}.ids"))
        twice = self._notes.add_joins(facts.window, found.joins(records))
        self.joins += found.count
        self._findings.examined("sequence", found.count)
        for gate, sequence in twice:
            self._findings.add("sequence.twice", n, gate=gate, sequence=sequence, window=facts.window)
        if found.count == 0 and facts.count:
            self._findings.add("window.list_missing", n, window=facts.window)
            return
        if found.count != facts.count:
            self._findings.add("window.count", n, window=facts.window, found=found.count, count=facts.count)
        elif found.root().hex() != facts.root:
            self._findings.add("window.root", n, window=facts.window)
        if not found.is_sorted:
            self._findings.add("window.unsorted", n, window=facts.window)
        for gate in found.gates_unlike(close.gates) if close else ():
            self._findings.add("window.gates", n, window=facts.window, gate=gate)

    # ------------------------------------------------------------------- seeds

    def on_chain(self, n: int, facts: ChainFacts) -> None:
        """Checks a commitment to the next chain of seeds: in order, and before its first window takes
        joins."""
        self._findings.examined("seed")
        length = self._rules.published.chain_length
        expected = len(self._chains) + 1, (len(self._chains) + 1) * length
        is_late = self.closed_through is not None and self.closed_through >= facts.first_window - 1
        if (facts.number, facts.first_window) != expected or is_late:
            self._findings.add("seed.chain", n, number=facts.number)
        else:
            self._chains.append(_bytes(facts.commitment))

    def on_reveal(self, n: int, facts: RevealFacts) -> None:
        """Checks the published seed of a window."""
        self._findings.examined("seed")
        expected = self.first if self.revealed_through is None else self.revealed_through + 1
        if facts.window != expected:
            self._findings.add("seed.order", n, window=facts.window, expected=expected)
        self.revealed_through = max(facts.window, self.revealed_through or 0)
        closed = self._untold.pop(facts.window, None)
        if closed is None:
            self._findings.add("seed.early", n, window=facts.window)
        link, seed = _bytes(facts.link), _bytes(facts.seed)
        self._seeds[facts.window] = seed
        self._check_link(n, facts.window, link)
        if closed is not None:
            root, closed_at, is_past = closed
            if window_seed(link, root, _bytes(facts.beacon.partition(":")[2])) != seed:
                self._findings.add("seed.wrong", n, window=facts.window)
            self._check_beacon(n, facts, closed_at, is_past=is_past)
        self._check_document(n, facts)

    def _check_beacon(self, n: int, facts: RevealFacts, closed_at: int, *, is_past: bool) -> None:
        """Checks that a round is the one that the rules promise. Any other may have been chosen."""
        source, told = self._rules.now.beacon, {"window": facts.window, "beacon": facts.beacon}
        if not is_beacon(source):
            if facts.beacon:
                self._findings.add("seed.beacon_unpromised", n, **told)
        elif is_past or not is_later(source, facts.beacon, closed_at):
            self._findings.add("seed.beacon", n, **told)
        else:
            self._drawn_at = max(self._drawn_at, closed_at)

    def _check_link(self, n: int, window: int, link: bytes) -> None:
        """Checks a link against the last good link of its chain, or against the commitment to the chain.

        The link, hashed once for every window in between, must give that value.
        """
        length = self._rules.published.chain_length
        number = window // length
        before, earlier = number * length - 1, self._commitment(number)
        if self._link is not None and self._link[0] // length == number:
            before, earlier = self._link
        steps = window - before
        if not 0 < steps <= length or not follows(earlier, link, steps):
            self._findings.add("seed.link", n, window=window)
        else:
            self._link = (window, link)

    def _commitment(self, number: int) -> bytes:
        """The commitment to a chain. Empty when there is none: no link matches that."""
        if number == 0:
            return _bytes(self._rules.published.commitment)
        return self._chains[number - 1] if number <= len(self._chains) else b""

    def _check_document(self, n: int, facts: RevealFacts) -> None:
        name = f"w/{facts.window}.reveal.json"
        raw = self._source.read(name)
        while raw is None and self._patience.wait():  # it is published after its entry
            raw = self._source.read(name)
        if raw is None:
            self._findings.add("seed.missing", n, window=facts.window)
            return
        told = self._read(raw, Reveal, "seed.forged", n, facts.window)
        if told is not None and (told.event, told.window, told.link, told.beacon, told.seed) != (
            self._rules.published.event, facts.window, facts.link, facts.beacon, facts.seed,
        ):  # fmt: skip
            self._findings.add("seed.changed", n, window=facts.window)

    def _read[D: Document](self, raw: bytes, form: type[D], forged: str, n: int, window: int) -> D | None:
        try:
            return published_documents.read(raw, form, self._rules.key)
        except Refusal as refusal:
            changed = forged.partition(".")[0] + ".changed"
            self._findings.add(forged if refusal.kind is Kind.FORBIDDEN else changed, n, window=window)
            return None


def _records(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The 18 bytes of each join. An incomplete record at the end counts as one: it must not be there."""
    rest = b""
    for piece in pieces:
        piece = rest + piece
        whole = len(piece) - len(piece) % RECORD
        for at in range(0, whole, RECORD):
            yield piece[at : at + RECORD]
        rest = piece[whole:]
    if rest:
        yield rest


def _bytes(text: str) -> bytes:
    """Reads hexadecimal. Returns empty bytes, which match nothing, for other text."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
