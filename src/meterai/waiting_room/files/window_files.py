"""The queue folder as its controller writes it and the site reads it.

Fencing works without a lock, which a frozen process could hold. Documents are staged in a folder named
after the epoch of the lease, and moved from there. The next holder first removes the folders of all others.
A controller that wakes up too late finds nothing to move, and does not make its folder again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from meterai.kernel.refusals import Refusal
from meterai.waiting_room.carrying.port import DocumentCarrier
from meterai.waiting_room.carrying.shared_folder import SharedFolder
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.gate_journal import RECORD_BYTES, read_join_records
from meterai.waiting_room.files.gate_register import gates_known_from
from meterai.waiting_room.files.public_log import ENTRIES, HEADS, PublicLog
from meterai.waiting_room.files.published_documents import Close, GateCount
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.files.reader_modes import READABLE_FILE, make_readable_folder, open_to_readers
from meterai.waiting_room.rules.merkle import root_of
from meterai.waiting_room.rules.tickets import ID_BYTES, origin_of

RECORD = 18
PRIVATE_FILE = 0o600
GATE_SILENT_S = 5.0
"""Seconds. A gate whose sign of life is older does not run."""
DEAD_AFTER_S = 3.0
"""Seconds after a window's end in which a gate that does not run may answer. One that runs has
`ANSWERS_WITHIN_S`."""
ANSWERS_WITHIN_S = 8.0
LATELY_WINDOWS = 30
"""A gate without a folder may have joins in a window if it counted some in one of this many windows
before."""
ASKED_FOR_MAX = 1_000
"""If there are more windows than this, files are listed instead of looked for one by one."""


class Superseded(RuntimeError):
    """Another controller has taken over: this one must stop at once."""


class GateSign(msgspec.Struct):
    """A gate's sign of life, `gate.json`."""

    gate: int = 0
    at: float = 0.0
    closed_through: int = -1
    unsure_through: int = -1
    """The gate lost files, so its counts of windows up to this one are unknown."""
    there_from: int | None = None
    """The first window since this process started."""
    is_carried: bool = False
    """The gate's files are copies here, so those of a silent gate may lack joins (`carrying/`)."""
    unsent_from: int | None = None
    """The first window whose joins are still on their way here. None: none are, or they do not move."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """A window that is over, put together from all gates."""

    window: int
    count: int
    people: int
    root: bytes
    gates: tuple[GateCount, ...]
    dead: tuple[int, ...]
    """Gates that did not report their counts, or that lost some of their joins. The joins that exist are
    included."""
    ids: bytes


class FencedFolder:
    """The folder of one holder of the lease. Raises `Superseded` after another holder has taken over."""

    def __init__(self, folder: QueueFolder, epoch: int, carrier: DocumentCarrier | None = None) -> None:
        """Takes the folder over. From then on an earlier holder can change nothing.

        `carrier`: hands on to other hosts what is public, before it is written; None: they share the folder.
        """
        self._folder = folder
        self._carrier = carrier or SharedFolder()
        self._place = folder.path / "stage" / str(epoch)
        self._place.parent.mkdir(parents=True, exist_ok=True)
        for path in self._place.parent.iterdir():
            if not path.name.isdigit() or int(path.name) > epoch:
                raise Superseded(path.name)
            if int(path.name) < epoch:
                shutil.rmtree(path)
        self._place.mkdir(exist_ok=True)
        open_to_readers(folder)

    def publish(self, path: Path, content: bytes, *, is_public: bool = True) -> None:
        """Writes a file that readers see completely or not at all, and that survives a loss of power."""
        if is_public:
            name = path.relative_to(self._folder.path).as_posix()
            self._carrier.publish(self._folder.slug, name, content)
        part = self._place / "part"
        try:
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
            with os.fdopen(handle, "wb") as file:
                os.fchmod(handle, READABLE_FILE if is_public else PRIVATE_FILE)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if is_public:
                make_readable_folder(path.parent)
            part.rename(path)
        except FileNotFoundError:
            raise Superseded(str(path)) from None

    def open_log(self, key: Ed25519PrivateKey) -> PublicLog:
        """The public log, on copies of its files. Files that an earlier holder still has open are no
        longer the log."""
        log = self._folder.log
        for name in (ENTRIES, "heads.jsonl"):
            if (log / name).exists():
                copy = self._place / name
                shutil.copyfile(log / name, copy)
                copy.chmod(READABLE_FILE)
                copy.rename(log / name)
        make_readable_folder(log)
        mark = self._folder.log_mark
        opened = PublicLog(
            log,
            self._folder.slug,
            key,
            mark=mark.read_bytes() if mark.exists() else b"",
            keep_mark=lambda raw: self.publish(mark, raw, is_public=False),
            hand_on=self._hand_on,
        )
        for name in (ENTRIES, HEADS):
            (log / name).chmod(READABLE_FILE)
        return opened

    def _hand_on(self, path: Path, offset: int, piece: bytes) -> None:
        name = path.relative_to(self._folder.path).as_posix()
        self._carrier.append(self._folder.slug, name, offset, piece)


def gather(folder: QueueFolder, window: int, *, ended_s: float, now: float) -> Gathered | None:
    """The joins of all gates in a window that ended `ended_s` ago; None: a gate still has time to answer.

    Reads and hashes every join (a few seconds for a million).
    """
    counts: list[GateCount] = []
    dead: list[int] = []
    records: list[bytes] = []
    known = gates_known_from(folder, window - LATELY_WINDOWS)
    for number in sorted({*folder.gates(), *_counted_lately(folder, window), *known}):
        place = folder.gate(number)
        told = _told(place / f"w{window}.close.json")
        joins = place / f"w{window}.joins"
        mine = b"" if told is None else _records_in(joins)
        if told is None or len(mine) < told.count * RECORD:
            sign = sign_of(place)
            runs = is_alive(sign, now)
            is_silent = not runs and not sign.is_carried
            knows = window > sign.unsure_through and (is_silent or sign.closed_through >= window)
            # it closes all its windows; if this can't be seen yet (NFS), neither can its joins
            is_hidden = runs and sign.there_from is not None and window >= sign.there_from
            is_empty = told is None and place.exists() and not joins.exists()
            if is_empty and knows and not is_hidden:
                continue  # the gate did not run then, or had no joins; its folder proves that
            is_coming = runs and sign.unsent_from is not None and window >= sign.unsent_from
            if is_coming or ended_s < (ANSWERS_WITHIN_S if runs else DEAD_AFTER_S):
                return None
            dead.append(number)
        mine = _records_in(joins) if told is None else mine[: told.count * RECORD]
        if mine:
            counts.append(_count_of(number, mine))
            records.append(mine)
    ids = b"".join(records)
    root = bytes.fromhex(counts[0].root) if len(counts) == 1 else root_of(_split(ids))
    people = len({record[:ID_BYTES] for record in _split(ids)})
    return Gathered(window, len(ids) // RECORD, people, root, tuple(counts), tuple(dead), ids)


def _records_in(joins: Path) -> bytes:
    return read_join_records(joins) if joins.exists() else b""


def ids_again(folder: QueueFolder, close: Close) -> bytes:
    """The list of a closed window that is not published, from the gates' files."""
    return b"".join(counted_joins(folder, close.window, count) for count in close.gates)


def counted_joins(folder: QueueFolder, window: int, count: GateCount) -> bytes:
    """The public part of the joins that a gate counted, from its journal; less where the journal lacks
    some.

    Raises: FileNotFoundError.
    """
    return read_join_records(folder.gate(count.gate) / f"w{window}.joins")[: count.count * RECORD]


def joins_in(folder: QueueFolder, windows: range) -> dict[int, int]:
    """Joins so far in windows that are not closed; windows without any are left out."""
    found: dict[int, int] = {}
    for number in folder.gates():
        for window, size in _journals_in(folder.gate(number), windows):
            found[window] = found.get(window, 0) + size // RECORD_BYTES
    return found


def _journals_in(place: Path, windows: range) -> Iterator[tuple[int, int]]:
    """(window, bytes) of a gate's joins in these windows.

    A pause of months leaves millions of windows with joins in a few. Then it lists the existing files
    instead.
    """
    if len(windows) <= ASKED_FOR_MAX:
        for window in windows:
            with suppress(OSError):
                yield window, (place / f"w{window}.joins").stat().st_size
        return
    with suppress(OSError), os.scandir(place) as entries:
        for entry in entries:
            number = entry.name.removeprefix("w").removesuffix(".joins")
            if number.isdecimal() and int(number) in windows and entry.name == f"w{number}.joins":
                yield int(number), entry.stat().st_size


def gates_closed_through(folder: QueueFolder) -> int:
    """The last window that any gate has closed for good; -1: none."""
    return max((sign_of(folder.gate(number)).closed_through for number in folder.gates()), default=-1)


def sign_of(place: Path) -> GateSign:
    """A gate's last sign of life; an empty one when there is none."""
    try:
        return msgspec.json.decode((place / "gate.json").read_bytes(), type=GateSign)
    except (OSError, msgspec.MsgspecError):
        return GateSign()


def is_alive(sign: GateSign, now: float) -> bool:
    """Whether a gate runs, by its last sign of life."""
    return abs(now - sign.at) <= GATE_SILENT_S


def is_listed(folder: QueueFolder, window: int, record: bytes) -> bool:
    """Whether a join (18 bytes) stands in the published list of its window. Reads a few blocks."""
    wanted = record[ID_BYTES:]
    try:
        file = os.open(folder.window_ids(window), os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        low, high = 0, os.fstat(file).st_size // RECORD
        while low < high:
            middle = (low + high) // 2
            found = os.pread(file, RECORD, middle * RECORD)
            if found[ID_BYTES:] < wanted:
                low = middle + 1
            elif found[ID_BYTES:] > wanted:
                high = middle
            else:
                return found == record
        return False
    finally:
        os.close(file)


def close_document(event: str, gathered: Gathered, starts_at: int, ends_at: int) -> Close:
    """The published document of a closed window."""
    return published_documents.Close(
        event=event,
        window=gathered.window,
        starts_at=starts_at,
        ends_at=ends_at,
        count=gathered.count,
        people=gathered.people,
        root=gathered.root.hex(),
        gates=list(gathered.gates),
    )


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal, as the log refers to documents."""
    return hashlib.sha256(content).hexdigest()


def _counted_lately(folder: QueueFolder, window: int) -> set[int]:
    """Gates that counted joins in one of the windows before, including gates whose files are gone."""
    found: set[int] = set()
    for number in range(max(0, window - LATELY_WINDOWS), window):
        with suppress(OSError, Refusal):
            close = published_documents.decode(folder.window_close(number).read_bytes(), Close)
            found |= {count.gate for count in close.gates}
    return found


def _told(path: Path) -> GateCount | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=GateCount)
    except (OSError, msgspec.MsgspecError):
        return None


def _count_of(gate: int, records: bytes) -> GateCount:
    listed = _split(records)
    return GateCount(
        gate=gate,
        count=len(listed),
        first_sequence=origin_of(listed[0])[1],
        last_sequence=origin_of(listed[-1])[1],
        root=root_of(listed).hex(),
    )


def _split(records: bytes) -> list[bytes]:
    return [records[at : at + RECORD] for at in range(0, len(records), RECORD)]
