"""The chain of the audit trail: each entry's hash covers the entry and the hash before it."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from meterai.operations.auditing.heads import Head

FIRST: Final = bytes(32)
"""What stands for the hash before the first entry."""


class ChainedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry as the database has it. `facts` and `signatures` are the text that was hashed."""

    id: int
    at_us: int
    """Microseconds since 1970."""
    actor: str
    action: str
    subject: str
    facts: str
    written_by: str
    signatures: str
    request_id: int | None
    hash: bytes

    def digest(self, previous: bytes) -> bytes:
        """Computes its hash, as `operations.audit_hash` does."""
        fields = (
            str(self.id),
            str(self.at_us),
            self.actor,
            self.action,
            self.subject,
            self.facts,
            self.written_by,
            self.signatures,
            "" if self.request_id is None else str(self.request_id),
        )
        found = hashlib.sha256(previous)
        for field in map(str.encode, fields):
            found.update(b"%d:%s\n" % (len(field), field))
        return found.digest()

    @property
    def words(self) -> str:
        """Names the entry for people."""
        return f"entry {self.id} ({self.action} of {self.subject} by {self.actor})"


class ChainCheck:
    """Follows the chain entry by entry. `problem` says what is wrong at the first wrong one."""

    def __init__(self) -> None:
        self.count = 0
        self.last = 0
        self.problem = ""
        self.hashes: dict[int, str] = {}
        """Of the entries that heads name, see `watch`."""
        self._previous = FIRST
        self._watched: set[int] = set()

    def watch(self, heads: Sequence[Head]) -> None:
        """Keeps the hashes of the entries that these heads name."""
        self._watched |= {head.entry for head in heads}

    def add(self, entry: ChainedEntry) -> None:
        """Checks the next entry. After the first wrong one nothing is checked any more."""
        if not self.problem and entry.digest(self._previous) != entry.hash:
            self.problem = self._words(entry)
        self._previous, self.last = entry.hash, entry.id
        self.count += 1
        if entry.id in self._watched:
            self.hashes[entry.id] = entry.hash.hex()

    def end(self, entry: int, digest: bytes) -> None:
        """Compares the last entry with the head that the database keeps."""
        if not self.problem and (entry, digest) != (self.last, self._previous):
            self.problem = f"The trail ends at entry {self.last}, but its head is entry {entry}." + (
                " The entries after it were removed." if entry > self.last else ""
            )

    def _words(self, entry: ChainedEntry) -> str:
        if entry.id > self.last + 1:
            missing = f"{self.last + 1}" + (f" to {entry.id - 1}" if entry.id > self.last + 2 else "")
            return f"Before {entry.words} entry {missing} is missing."
        return f"The first wrong one is {entry.words}: it was changed, moved or inserted."


def compare_heads(check: ChainCheck, heads: Sequence[Head], installation: uuid.UUID) -> str:
    """Says what is wrong at the first head from outside that does not fit; empty: all fit."""
    for head in sorted(heads, key=lambda one: one.entry):
        known = f"the head from outside{f' of {head.at}' if head.at else ''}"
        if head.installation not in (None, installation):
            return sentence(f"{known} is of another installation ({head.installation}).")
        if head.entry > check.last:
            ends = f"The trail ends at entry {check.last}"
            return f"{ends}, but {known} is entry {head.entry}: its end was cut off."
        if check.hashes.get(head.entry) != head.hash:
            return f"Entry {head.entry} does not fit {known}: it, or one before it, was changed afterwards."
    return ""


def wrong_value(facts: Mapping[str, Any], name: str, key: bytes, value: str) -> bool:
    """Whether a personal value beside the entry is another than the one that was written."""
    kept = facts.get(name)
    digest = hashlib.sha256(key + value.encode()).hexdigest()
    return not (isinstance(kept, dict) and kept.get("keyed") == digest)


def sentence(text: str) -> str:
    """Returns the text with a capital letter at its beginning."""
    return text[:1].upper() + text[1:]
