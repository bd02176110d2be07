"""Reads a queue's public log for tests, and checks what holds in every log."""

from __future__ import annotations

from meterai.waiting_room.auditing.findings import Report
from meterai.waiting_room.auditing.replay import audit
from meterai.waiting_room.auditing.sources import FolderSource
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.log_facts import AnyFacts, FrontierFacts, decode_facts
from meterai.waiting_room.files.public_log import ENTRIES, HEADS, LogEntry, read_entries
from meterai.waiting_room.files.published_documents import Status
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.rules.merkle import root_of
from meterai.waiting_room.rules.model import Frontier, Lane


class QueueLog:
    """The log as seen by a person who has the folder and has seen the statuses."""

    folder: QueueFolder
    seen: list[Status]

    def entries(self) -> list[LogEntry]:
        """The public log, with its heads checked: each is the root of the first entries."""
        lines = [(line, entry) for line, entry in read_entries(self.folder.log / ENTRIES)]
        assert [entry.n for _, entry in lines] == list(range(len(lines)))
        key = self.folder.keys().controller.public_key()
        for raw in (self.folder.log / HEADS).read_bytes().splitlines():
            head = published_documents.read(raw.replace(b" ", b"\n", 1), published_documents.Head, key)
            assert head.root == root_of(line for line, _ in lines[: head.size]).hex()
        return [entry for _, entry in lines]

    def facts[F: AnyFacts](self, form: type[F]) -> list[F]:
        """The facts of all entries of one kind."""
        found = [decode_facts(entry.what, entry.facts) for entry in self.entries()]
        return [facts for facts in found if isinstance(facts, form)]

    def audited(self) -> Report:
        """What an audit of the published files says now."""
        return audit(FolderSource(self.folder.public), pause=lambda seconds: None)

    def assert_orderly(self) -> None:
        """Checks that nothing runs backwards and nothing is published too early."""
        seen = [(status.epoch, status.sequence) for status in self.seen]
        assert seen == sorted(seen), "statuses ran back"
        frontiers = [Frontier(*status.frontiers[Lane.NEW]) for status in self.seen]
        assert frontiers == sorted(frontiers), "the frontier ran back"
        moves = [facts.frontier for facts in self.facts(FrontierFacts) if facts.lane is Lane.NEW]
        assert moves == sorted(set(moves)), "the log's frontier ran back, or was told twice"
        told: dict[str, list[int]] = {"close": [], "reveal": []}
        for entry in self.entries():
            if entry.what in told:
                told[entry.what].append(entry.facts["window"])
            if entry.what == "reveal":
                assert entry.facts["window"] in told["close"], "a seed before its roots"
        for windows in told.values():
            assert windows == list(range(windows[0], windows[0] + len(windows))), windows
