"""The published list of a window: 18 bytes for each join, sorted by gate and sequence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from meterai.waiting_room.files.published_documents import GateCount
from meterai.waiting_room.rules.merkle import Tree
from meterai.waiting_room.rules.tickets import ID_BYTES, origin_of


@dataclass(slots=True)
class _OfGate:
    first: int
    last: int
    tree: Tree = field(default_factory=Tree)


class WindowList:
    """A list while it is read, record by record."""

    def __init__(self) -> None:
        self.is_sorted = True
        self._gates: dict[int, _OfGate] = {}
        self._last = (-1, -1)
        self._tree = Tree()

    @property
    def count(self) -> int:
        """The number of records so far."""
        return self._tree.size

    def joins(self, records: Iterable[bytes]) -> Iterator[tuple[int, int, bytes]]:
        """(gate, sequence, id) of each record."""
        for record in records:
            gate, sequence = origin_of(record)
            self.is_sorted &= self._last < (gate, sequence)
            self._last = gate, sequence
            self._tree.append(record)
            mine = self._gates.get(gate) or self._gates.setdefault(gate, _OfGate(sequence, sequence))
            mine.last = sequence
            mine.tree.append(record)
            yield gate, sequence, record[:ID_BYTES]

    def root(self) -> bytes:
        """The root of all records."""
        return self._tree.root()

    def gates_unlike(self, told: Sequence[GateCount]) -> list[int]:
        """The gates whose published counts differ from the list."""
        found = {
            gate: GateCount(gate, mine.tree.size, mine.first, mine.last, mine.tree.root().hex())
            for gate, mine in self._gates.items()
        }
        published = {count.gate: count for count in told if count.count}
        return sorted(g for g in found.keys() | published.keys() if found.get(g) != published.get(g))
