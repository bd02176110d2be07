"""Checks the officers' signatures in the audit trail again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from meterai.operations.auditing.chain import ChainedEntry, sentence
from meterai.operations.officers import ssh_keygen

RECORD: Final = "officers.record"
"""The act that changes the officers. From the first on, acts of officers have signatures."""


class KeptSignature(msgspec.Struct, frozen=True):
    """A signature in an entry."""

    officer: str
    key: str
    text: str | None
    """None: it stands beside the entry, because it holds personal values."""
    signature: str


class SignatureCheck:
    """Checks the signatures of entry after entry. `problems` has a line for each that does not hold.

    Which keys an officer has and had, the entries `officers.record` say. `needed`: act -> how many officers
    sign it.
    """

    def __init__(self, needed: Mapping[str, int]) -> None:
        self.problems: list[str] = []
        self.held = 0
        self.erased = 0
        self._keys: dict[str, set[str]] = {}
        self._needed = needed
        self._are_officers = False

    def add(self, entry: ChainedEntry, values: Mapping[str, str | None]) -> None:
        """Checks an entry. `values`: the personal values beside it; None: erased."""
        if entry.action == RECORD:
            self._record(msgspec.json.decode(entry.facts))
        signed = msgspec.json.decode(entry.signatures, type=list[KeptSignature])
        for place, one in enumerate(signed, 1):
            text = one.text if one.text is not None else values.get(f"signed text {place}")
            if text is None:
                self.erased += 1
            elif wrong := self._wrong(entry, one, text):
                self.problems.append(sentence(f"{entry.words}: {wrong}"))
            else:
                self.held += 1
        needed = self._needed.get(entry.action, 0) if self._are_officers else 0
        by_itself = entry.written_by == "meterai_signer" and entry.action == "sealing.stop"
        if len({one.officer for one in signed}) < needed and not by_itself:
            self.problems.append(sentence(f"{entry.words}: {len(signed)} of {needed} signatures of officers"))

    def _wrong(self, entry: ChainedEntry, signed: KeptSignature, text: str) -> str:
        if signed.key not in self._keys.get(signed.officer, ()):
            return f"signed with a key that {signed.officer} is not known to have or have had"
        subject = msgspec.json.encode(entry.subject).decode()
        if f"\nact: {entry.action}\nsubject: {subject}\n" not in text:
            return f"{signed.officer} signed another act"
        if ssh_keygen.signer_of(text, signed.signature, [signed.key]) is None:
            return f"the signature of {signed.officer} does not hold"
        return ""

    def _record(self, facts: Mapping[str, Any]) -> None:
        officers = facts.get("officers", {})
        self._are_officers = bool(officers)
        for name, officer in officers.items():
            self._keys.setdefault(name, set()).update(officer.get("keys", []))
