"""Checks the officers' signatures in the audit trail again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from webauthn.helpers import base64url_to_bytes

from meterai.operations.auditing.chain import ChainedEntry, sentence
from meterai.operations.officers import passkeys, ssh_keygen

RECORD: Final = "officers.record"
"""The act that changes the officers. From the first on, acts of officers have signatures."""
FACTOR_ADDED: Final = "officer.factor_add"
"""The act that adds a factor of an officer: its facts are `key` and, of a passkey, `public_key`."""
_CONSOLE: Final = "meterai_console"
"""The database role that adds an officer's own factors."""


class KeptSignature(msgspec.Struct, frozen=True):
    """A signature in an entry."""

    officer: str
    key: str
    text: str | None
    """None: it stands beside the entry, because it holds personal values."""
    signature: str


class SignatureCheck:
    """Checks the signatures of entry after entry. `problems` has a line for each that does not hold.

    Which keys an officer has and had, the entries `officers.record` and `officer.factor_add` say. `needed`:
    act -> how many officers sign it.
    """

    def __init__(self, needed: Mapping[str, int]) -> None:
        self.problems: list[str] = []
        self.held: Counter[str] = Counter()
        """How many hold, by kind: ssh, passkey, and totp, which holds by the console's word alone."""
        self.erased = 0
        self._keys: dict[str, set[str]] = {}
        self._public_keys: dict[str, bytes] = {}
        """Of passkeys."""
        self._needed = needed
        self._are_officers = False

    def add(self, entry: ChainedEntry, values: Mapping[str, str | None]) -> None:
        """Checks an entry. `values`: the personal values beside it; None: erased."""
        if entry.action == RECORD:
            self._record(msgspec.json.decode(entry.facts))
        if (entry.action, entry.written_by) == (FACTOR_ADDED, _CONSOLE):
            self._add_factor(entry.actor, msgspec.json.decode(entry.facts))
        signed = msgspec.json.decode(entry.signatures, type=list[KeptSignature])
        for place, one in enumerate(signed, 1):
            text = one.text if one.text is not None else values.get(f"signed text {place}")
            if text is None:
                self.erased += 1
            elif wrong := self._wrong(entry, one, text):
                self.problems.append(sentence(f"{entry.words}: {wrong}"))
            else:
                self.held[_kind_of(one.key)] += 1
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
        if not self._holds(signed, text):
            return f"the signature of {signed.officer} does not hold"
        return ""

    def _holds(self, signed: KeptSignature, text: str) -> bool:
        match _kind_of(signed.key):
            case "totp":
                return True
            case "passkey":
                public_key = self._public_keys[signed.key]
                return passkeys.holds(signed.signature, text=text, key=signed.key, public_key=public_key)
            case _:
                return ssh_keygen.signer_of(text, signed.signature, [signed.key]) is not None

    def _add_factor(self, officer: str, facts: Mapping[str, str]) -> None:
        """The first entry of a key counts: nobody can give it another public key afterwards."""
        key = facts["key"]
        if key not in self._public_keys:
            self._keys.setdefault(officer, set()).add(key)
            self._public_keys[key] = base64url_to_bytes(facts.get("public_key", ""))

    def _record(self, facts: Mapping[str, Any]) -> None:
        officers = facts.get("officers", {})
        self._are_officers = bool(officers)
        for name, officer in officers.items():
            self._keys.setdefault(name, set()).update(officer.get("keys", []))


def _kind_of(key: str) -> str:
    """SSH keys begin with their algorithm, such as ssh-ed25519."""
    kind = key.partition(" ")[0]
    return kind if kind in ("passkey", "totp") else "ssh"
