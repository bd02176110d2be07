"""The share of people called next who are there, by the `ready` pings that gates note (`gates/N/wM.ready`).

A page sends a ping in the last three minutes before its turn. People who have sent none a minute before their
call will hardly come.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.files.window_seeds import WindowSeeds
from meterai.waiting_room.rules.draw import place_of
from meterai.waiting_room.rules.model import U_MAX, Frontier
from meterai.waiting_room.rules.tickets import ID_BYTES

KNOWN_FOR_S = 60.0
"""Seconds. People who have known their place for less could not ping yet, so new windows say nothing."""
PEOPLE_MIN = 20


class ReadyPings:
    """The pings of one event, by place. Pings of people who are already called are dropped."""

    def __init__(self, folder: QueueFolder, seeds: WindowSeeds) -> None:
        self._folder = folder
        self._seeds = seeds
        self._read: dict[Path, int] = {}
        self._places: dict[int, set[int]] = {}

    def share(
        self, frontier: Frontier, windows: Sequence[tuple[int, int]], *, calls: float, now: float
    ) -> float | None:
        """The share of the people called in the next minute who have sent a ping (0 to 1).

        `windows`: (window, people), starting with the frontier's; `calls`: people a minute; `now`: Unix
        seconds. None: fewer than twenty people could have sent one.
        """
        self._forget(frontier)
        left, able, there = calls, 0.0, 0
        for window, people in windows:
            start = frontier.x if window == frontier.window else 0
            taken = min(left, people * (U_MAX - start) / U_MAX)
            if taken > 0 and self._is_known_for_long(window, now):
                end = start + int(taken / people * U_MAX)
                able += taken
                there += sum(start <= place < end for place in self._places_in(window, frontier))
            left -= taken
            if left <= 0:
                break
        return min(1.0, there / able) if able >= PEOPLE_MIN else None

    def _is_known_for_long(self, window: int, now: float) -> bool:
        with suppress(OSError):
            return now - self._folder.window_reveal(window).stat().st_mtime >= KNOWN_FOR_S
        return False

    def _places_in(self, window: int, frontier: Frontier) -> set[int]:
        """The places that sent pings. Continues where the files ended the last time."""
        places = self._places.setdefault(window, set())
        seed = self._seeds.seed_of(window)
        if seed is None:
            return places
        for number in self._folder.gates():
            for id in self._read_on(self._folder.gate(number) / f"w{window}.ready"):
                place = place_of(seed, id)
                if not frontier.calls(window, place):
                    places.add(place)
        return places

    def _read_on(self, path: Path) -> list[bytes]:
        start = self._read.get(path, 0)
        try:
            with path.open("rb") as file:
                file.seek(start)
                found = file.read()
        except OSError:
            return []
        whole = len(found) // ID_BYTES * ID_BYTES
        self._read[path] = start + whole
        return [found[at : at + ID_BYTES] for at in range(0, whole, ID_BYTES)]

    def _forget(self, frontier: Frontier) -> None:
        """Drops people who are already called."""
        for window in [window for window in self._places if window < frontier.window]:
            del self._places[window]
            self._read = {path: at for path, at in self._read.items() if path.name != f"w{window}.ready"}
        if (here := self._places.get(frontier.window)) is not None:
            here.difference_update([place for place in here if place < frontier.x])
