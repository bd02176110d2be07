"""Passkeys: what a real authenticator signs holds; everything near it does not."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from meterai.kernel.refusals import Refusal
from meterai.operations.officers import passkeys
from tests.passkeys import Authenticator

HERE = passkeys.place_of("https://konsol.example:8443")
TEXT = "Meterai: I sign this act.\nact: queue.halt\n"


def made(authenticator: Authenticator, text: str = TEXT) -> passkeys.Passkey:
    answer = authenticator.make(passkeys.ask_to_make(HERE, "ani", text=text))
    return passkeys.read_made(HERE, answer, text=TEXT)


def signed(authenticator: Authenticator, text: str = TEXT) -> str:
    return authenticator.sign(passkeys.ask_to_sign(HERE, text=text, known=[authenticator.credential_id]))


def code_of(act: Callable[[], object]) -> str:
    try:
        act()
    except Refusal as refusal:
        return refusal.code
    return ""


def test_a_passkey_is_made_and_signs_a_text() -> None:
    own = Authenticator(HERE.origin)
    passkey = made(own)
    answer = signed(own)
    assert passkeys.credential_of(answer) == passkey.credential_id
    assert passkeys.read_signed(HERE, answer, text=TEXT, passkey=passkey) == 1
    assert passkeys.holds(answer, text=TEXT, key=passkey.key, public_key=passkey.public_key)
    assert not passkeys.holds(answer, text=TEXT + " ", key=passkey.key, public_key=passkey.public_key)


def test_options_demand_the_person_and_name_this_host_alone() -> None:
    to_make = json.loads(passkeys.ask_to_make(HERE, "ani", text=TEXT, known=[b"old"]))
    to_sign = json.loads(passkeys.ask_to_sign(HERE, text=TEXT))
    assert (to_make["rp"]["id"], to_sign["rpId"]) == ("konsol.example",) * 2
    assert to_make["authenticatorSelection"]["userVerification"] == to_sign["userVerification"] == "required"
    assert [one["id"] for one in to_make["excludeCredentials"]] == [bytes_to_base64url(b"old")]
    assert to_make["challenge"] == to_sign["challenge"]


@pytest.mark.parametrize(
    "wrong", ["another text", "another place", "nobody verified", "no answer", "too long"]
)
def test_what_is_not_made_here_by_a_person_is_refused(wrong: str) -> None:
    def act() -> object:
        origin = "https://konsol.example.evil" if wrong == "another place" else HERE.origin
        own = Authenticator(origin, verifies=wrong != "nobody verified")
        if wrong in ("no answer", "too long"):
            answer = "{" * (1 if wrong == "no answer" else 10_000)
            return passkeys.read_made(HERE, answer, text=TEXT)
        return made(own, "another text" if wrong == "another text" else TEXT)

    assert code_of(act) == "officer.passkey_not_made"


def test_an_assertion_of_something_else_is_refused() -> None:
    own, other = Authenticator(HERE.origin), Authenticator(HERE.origin)
    passkey = made(own)
    elsewhere = Authenticator("https://elsewhere.example")
    elsewhere.key, elsewhere.credential_id = own.key, own.credential_id
    careless = Authenticator(HERE.origin, verifies=False)
    careless.key, careless.credential_id = own.key, own.credential_id
    forged = json.loads(signed(own))
    signature = base64url_to_bytes(forged["response"]["signature"])
    forged["response"]["signature"] = bytes_to_base64url(signature[:-1] + bytes([signature[-1] ^ 1]))
    answers = [
        signed(own, "another text"),
        *map(signed, (other, elsewhere, careless)),
        json.dumps(forged),
        "[]",
    ]
    for answer in answers:
        found = code_of(lambda: passkeys.read_signed(HERE, answer, text=TEXT, passkey=passkey))  # noqa: B023
        assert found == "officer.passkey_wrong", answer
    assert not passkeys.holds(json.dumps(forged), text=TEXT, key=passkey.key, public_key=passkey.public_key)


def test_a_copied_passkey_is_found_by_its_count_and_one_that_counts_nothing_is_not() -> None:
    own, synced = Authenticator(HERE.origin), Authenticator(HERE.origin, counts=False)
    passkey = made(own)
    used = passkeys.Passkey(credential_id=passkey.credential_id, public_key=passkey.public_key, sign_count=1)
    code = code_of(lambda: passkeys.read_signed(HERE, signed(own), text=TEXT, passkey=used))
    assert code == "officer.passkey_copied"
    assert passkeys.read_signed(HERE, signed(synced), text=TEXT, passkey=made(synced)) == 0
