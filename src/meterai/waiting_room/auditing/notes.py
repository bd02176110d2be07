"""The auditor's notes: a database in a temporary file, so that a million joins need no memory.

The checks for uniqueness and for missing counterparts run on it after the whole log was read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any

from meterai.waiting_room.auditing.findings import Stands
from meterai.waiting_room.rules.model import U_MAX, Frontier

_BATCH = 5_000
_SCHEMA = """
CREATE TABLE joins (gate, sequence, window, id, PRIMARY KEY (gate, sequence)) WITHOUT ROWID;
CREATE TABLE claims (n INTEGER PRIMARY KEY, at, id, pass_id, window, gate, sequence);
CREATE TABLE late (n INTEGER PRIMARY KEY, id, window, gate, sequence);
CREATE TABLE people (n INTEGER PRIMARY KEY, window, told);
CREATE TABLE dead (n INTEGER PRIMARY KEY, window, gate);
CREATE TABLE certificates (n INTEGER PRIMARY KEY, id);
CREATE TABLE promises (n INTEGER PRIMARY KEY, id, done_by);
CREATE TABLE moves (n INTEGER PRIMARY KEY, at, window, x);
CREATE TABLE bypasses (n INTEGER PRIMARY KEY, why, ref);
"""
_INDEXES = """
CREATE INDEX claims_id ON claims (id);
CREATE INDEX late_ticket ON late (gate, sequence);
CREATE INDEX joins_id ON joins (id, window);
"""
_JOIN_OF_CLAIM = "j.gate = c.gate AND j.sequence = c.sequence AND j.window = c.window AND j.id = c.id"
_LATE_OF_CLAIM = "l.gate = c.gate AND l.sequence = c.sequence AND l.window = c.window AND l.id = c.id"


class Notes:
    """Facts of the log in tables. Use it in a `with`: the file is deleted at the end."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)  # "": a temporary file, deleted when closed
        self._db.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -32000;"
        )
        self._db.executescript(_SCHEMA)
        self._db.execute("BEGIN")
        self._unwritten: dict[str, list[tuple[Any, ...]]] = {}

    def __enter__(self) -> Notes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    def add(self, table: str, *row: Any) -> None:
        """Notes a fact."""
        rows = self._unwritten.setdefault(table, [])
        rows.append(row)
        if len(rows) >= _BATCH:
            self._write(table)

    def add_joins(self, window: int, joins: Iterable[tuple[int, int, bytes]]) -> list[tuple[int, int]]:
        """Notes (gate, sequence, id) of a window. Returns the (gate, sequence) pairs that were used
        before."""
        twice = []
        batch: list[tuple[int, int, int, bytes]] = []
        for gate, sequence, id in joins:
            batch.append((gate, sequence, window, id))
            if len(batch) >= _BATCH:
                twice += self._write_joins(batch)
                batch = []
        return twice + self._write_joins(batch)

    def seal(self) -> None:
        """Ends the reading. Questions may be asked from now on."""
        for table in list(self._unwritten):
            self._write(table)
        self._db.executescript(_INDEXES)

    # ------------------------------------------------------------- questions

    def count(self, table: str) -> int:
        """The number of facts of a kind."""
        return int(self._db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608

    def repeated(self, table: str, column: str) -> Iterator[tuple[int, int]]:
        """(entry, first entry) of each value that occurs again."""
        yield from self._db.execute(
            f"""SELECT n, first FROM (SELECT n, min(n) OVER (PARTITION BY {column}) AS first FROM {table})
                WHERE n > first ORDER BY n"""  # noqa: S608
        )

    def unlisted_claims(self) -> Iterator[tuple[int, int, int, int, bool]]:
        """(entry, window, gate, sequence, whether its gate was declared dead there before) of unlisted
        claims.

        Unlisted: the join is not in its window's list, and there is no late ticket.
        """
        yield from self._db.execute(
            f"""SELECT n, window, gate, sequence, EXISTS (SELECT 1 FROM dead d WHERE d.window = c.window
                    AND d.gate = c.gate AND d.n < c.n) FROM claims c
                WHERE NOT EXISTS (SELECT 1 FROM joins j WHERE {_JOIN_OF_CLAIM})
                AND NOT EXISTS (SELECT 1 FROM late l WHERE {_LATE_OF_CLAIM}) ORDER BY n"""  # noqa: S608
        )

    def late_without_death(self) -> Iterator[tuple[int, int, int]]:
        """(entry, window, gate) of late tickets whose gate was not declared dead in that window."""
        yield from self._db.execute(
            """SELECT n, window, gate FROM late l WHERE NOT EXISTS (SELECT 1 FROM dead d
               WHERE d.window = l.window AND d.gate = l.gate AND d.n < l.n) ORDER BY n"""
        )

    def late_out_of_order(self) -> Iterator[tuple[int, int, int]]:
        """(entry, gate, sequence) of late tickets whose sequence is taken, or belongs to another window."""
        yield from self._db.execute(
            """SELECT n, gate, sequence FROM late l WHERE EXISTS (SELECT 1 FROM joins j
                   WHERE j.gate = l.gate AND j.sequence = l.sequence)
               OR (SELECT window FROM joins j WHERE j.gate = l.gate AND j.sequence < l.sequence
                   ORDER BY j.sequence DESC LIMIT 1) > l.window
               OR (SELECT window FROM joins j WHERE j.gate = l.gate AND j.sequence > l.sequence
                   ORDER BY j.sequence LIMIT 1) < l.window ORDER BY n"""
        )

    def holes(self) -> Iterator[tuple[int, int, int, int, bool]]:
        """(gate, first missing sequence, last, window after it, whether a gate declared dead explains it)."""
        yield from self._db.execute(
            """SELECT gate, before + 1, sequence - 1, window, EXISTS (SELECT 1 FROM dead d
                   WHERE d.gate = s.gate AND d.window BETWEEN s.window_before AND s.window)
               FROM (SELECT gate, sequence, window, lag(sequence, 1, 0) OVER gates AS before,
                         lag(window, 1, -1) OVER gates AS window_before
                     FROM joins WINDOW gates AS (PARTITION BY gate ORDER BY sequence)) s
               WHERE sequence > before + 1"""
        )

    def standing_of(self, window: int, gate: int, sequence: int, id: bytes) -> Stands:
        """Where a ticket stands: in its list, logged as a late one, or of a gate declared dead there."""
        ticket = {"window": window, "gate": gate, "sequence": sequence, "id": id}
        of_ticket = "gate = :gate AND sequence = :sequence AND window = :window AND id = :id"
        asked: tuple[tuple[Stands, str], ...] = (
            ("listed", f"joins WHERE {of_ticket}"),
            ("late", f"late WHERE {of_ticket}"),
            ("dead_gate", "dead WHERE gate = :gate AND window = :window"),
        )
        for stands, place in asked:
            if self._db.execute(f"SELECT 1 FROM {place}", ticket).fetchone():  # noqa: S608
                return stands
        return "missing"

    def certificates_without_join(self) -> Iterator[tuple[int]]:
        """Entries of certificates for ids that never joined, and for which no late ticket was honoured
        before."""
        yield from self._db.execute(
            """SELECT n FROM certificates c WHERE NOT EXISTS (SELECT 1 FROM joins j WHERE j.id = c.id)
               AND NOT EXISTS (SELECT 1 FROM late l WHERE l.id = c.id AND l.n < c.n) ORDER BY n"""
        )

    def certificates_of_let_in(self) -> Iterator[tuple[int, int]]:
        """(entry, entry of the claim) of certificates for ids that had entered before."""
        yield from self._db.execute(
            "SELECT c.n, a.n FROM certificates c JOIN claims a ON a.id = c.id AND a.n < c.n ORDER BY c.n"
        )

    def late_tickets(self) -> int:
        """The number of late tickets. One may be honoured for a certificate, and again at a later opening."""
        return int(
            self._db.execute("SELECT count(*) FROM (SELECT DISTINCT gate, sequence FROM late)").fetchone()[0]
        )

    def people_otherwise(self) -> Iterator[tuple[int, int, int, int]]:
        """(entry, window, logged, found) of windows whose list has another number of different ids than
        the log says."""
        yield from self._db.execute(
            """SELECT p.n, p.window, p.told, coalesce(j.found, 0) FROM people p
               LEFT JOIN (SELECT window, count(*) AS found FROM (SELECT DISTINCT id, window FROM joins)
                   GROUP BY window) j ON j.window = p.window
               WHERE p.told <> coalesce(j.found, 0) ORDER BY p.n"""
        )

    def joined_before(self, n: int) -> tuple[int, int]:
        """(windows, people in them) whose end the first `n` entries have, by their documents."""
        row = self._db.execute("SELECT count(*), coalesce(sum(told), 0) FROM people WHERE n < ?", (n,))
        windows, people = row.fetchone()
        return int(windows), int(people)

    def called_before(self, n: int, frontier: Frontier) -> int:
        """The people before a frontier, as the rules count them: a part of its window, by its place there."""
        whole, inside = self._db.execute(
            """SELECT coalesce(sum(told) FILTER (WHERE window < :window), 0),
                   coalesce(sum(told) FILTER (WHERE window = :window), 0) FROM people WHERE n < :n""",
            {"window": frontier.window, "n": n},
        ).fetchone()
        return int(whole) + int(inside) * frontier.x // U_MAX

    def promises_before(self, n: int, *, due: int) -> tuple[int, int]:
        """(promises of the first `n` entries that were due, those whose holder entered in time)."""
        row = self._db.execute(
            """SELECT count(*), count(*) FILTER (WHERE EXISTS (SELECT 1 FROM claims c
                   WHERE c.id = p.id AND c.at <= p.done_by))
               FROM promises p WHERE p.n < ? AND p.done_by <= ?""",
            (n, due),
        )
        given, in_time = row.fetchone()
        return int(given), int(in_time)

    def people(self) -> int:
        """The number of different ids that joined."""
        return int(self._db.execute("SELECT count(DISTINCT id) FROM joins").fetchone()[0])

    def bypasses(self) -> dict[str, int]:
        """Reason -> number of people who entered for it."""
        rows = self._db.execute("SELECT why, count(DISTINCT ref) FROM bypasses GROUP BY why ORDER BY why")
        return dict(rows)

    def first_promises(self) -> Iterator[tuple[int, int | None, int | None, bytes]]:
        """(due, time of the claim, first window, id) of the first promise to each id, in order of due
        time."""
        yield from self._db.execute(
            """SELECT p.done_by, (SELECT min(at) FROM claims c WHERE c.id = p.id),
                   (SELECT min(window) FROM joins j WHERE j.id = p.id), p.id
               FROM (SELECT id, done_by, row_number() OVER (PARTITION BY id ORDER BY n) AS turn
                     FROM promises) p WHERE turn = 1 ORDER BY p.done_by"""
        )

    def moves(self) -> Iterator[tuple[int, Frontier]]:
        """(time, frontier) of each move, in order."""
        for at, window, x in self._db.execute("SELECT at, window, x FROM moves ORDER BY n"):
            yield at, Frontier(window, int.from_bytes(x, "big"))

    # --------------------------------------------------------------- writing

    def _write(self, table: str) -> None:
        rows = self._unwritten.pop(table)
        marks = ", ".join("?" * len(rows[0]))
        self._db.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608

    def _write_joins(self, batch: list[tuple[int, int, int, bytes]]) -> list[tuple[int, int]]:
        before = self._db.total_changes
        self._db.executemany("INSERT OR IGNORE INTO joins VALUES (?, ?, ?, ?)", batch)
        if self._db.total_changes - before == len(batch):
            return []
        return [
            (gate, sequence)
            for gate, sequence, window, id in batch
            if not self._is(gate, sequence, window, id)
        ]

    def _is(self, gate: int, sequence: int, window: int, id: bytes) -> bool:
        found = self._db.execute(
            "SELECT window, id FROM joins WHERE gate = ? AND sequence = ?", (gate, sequence)
        )
        return bool(found.fetchone() == (window, id))
