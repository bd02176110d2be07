"""The check of the audit trail tells SSH keys, passkeys and the console's word apart."""

from __future__ import annotations

import json
from typing import Any

from meterai.operations.auditing.chain import ChainedEntry
from meterai.operations.auditing.signed_entries import SignatureCheck
from meterai.operations.officers import passkeys
from tests.passkeys import Authenticator

HERE = passkeys.place_of("https://konsol.example")
TEXT = 'Meterai: I sign this act.\nact: queue.halt\nsubject: "umum"\nrequest: none yet\n'


def entry(id: int, action: str, facts: dict[str, Any], *signatures: dict[str, str]) -> ChainedEntry:
    return ChainedEntry(
        id=id, at_us=0, actor="ani", action=action, subject="umum", facts=json.dumps(facts),
        written_by="meterai_console", signatures=json.dumps(signatures), request_id=None, hash=b"",
    )  # fmt: skip


def checked(*entries: ChainedEntry) -> SignatureCheck:
    check = SignatureCheck({"queue.halt": 1})
    for one in entries:
        check.add(one, {})
    return check


def test_approvals_are_counted_by_kind_and_a_changed_one_is_named() -> None:
    own, other = Authenticator(HERE.origin), Authenticator(HERE.origin)
    passkey, later = (
        passkeys.read_made(HERE, one.make(passkeys.ask_to_make(HERE, "ani", text="new")), text="new")
        for one in (own, other)
    )
    public_key = passkeys.shown(passkey.public_key)
    added = entry(1, "officer.factor_add", {"key": passkey.key, "public_key": public_key})
    code = entry(2, "officer.factor_add", {"key": "totp 1"})
    signed = {"officer": "ani", "key": passkey.key, "text": TEXT}
    signed["signature"] = own.sign(passkeys.ask_to_sign(HERE, text=TEXT))
    by_word = {"officer": "ani", "key": "totp 1", "text": TEXT, "signature": "58"}
    check = checked(added, code, entry(3, "queue.halt", {}, signed), entry(4, "queue.halt", {}, by_word))
    assert (check.problems, dict(check.held)) == ([], {"passkey": 1, "totp": 1})

    swapped = entry(
        2, "officer.factor_add", {"key": passkey.key, "public_key": passkeys.shown(later.public_key)}
    )
    by_other = signed | {"signature": other.sign(passkeys.ask_to_sign(HERE, text=TEXT))}
    for wrong in (signed | {"text": TEXT + " "}, by_other, signed | {"signature": "{}"}):
        check = checked(added, swapped, entry(3, "queue.halt", {}, wrong))
        assert check.problems == [
            "Entry 3 (queue.halt of umum by ani): the signature of ani does not hold"
        ], wrong
    for wrong in (signed | {"officer": "budi"}, by_word | {"key": "totp 2"}):
        assert "not known to have" in checked(added, code, entry(3, "queue.halt", {}, wrong)).problems[0]
