"""The 2-D code's text: round trip, vector, and what is refused."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from meterai.kernel.refusals import Refusal
from meterai.kernel.serial_number import make_serial
from meterai.signatures.stamp_code import code_message, decode_code, encode_code, verify_code
from tests.pdf import stamp_code_vectors

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = {7: KEY.public_key().public_bytes_raw()}
DAY = date(2026, 8, 17)
VECTOR = (
    "HTTPS://METERAI.EXAMPLE/C/H60Y50LJ3GPI4W+MGWTQ+HHUWC748TNA3TFF00Z2$4-5X8$VNCW8TO"
    "7AXEWVV7AFR6XE2G$XLZD:DFZ89MK0AYKGS7$H43NZL+YOIBB2A53XUW4LD+4UNV0W1LX10"
)
OLDER_VECTOR = (
    "HTTPS://METERAI.EXAMPLE/C/H600I0WU8U4+OMD6YYO-L4A3ZIUN7TY6HZ3+W:U$DTN*5N1Q*Q4Y*N"
    "OOKL86J*LADWBU+PDWOH0SN3PN0RZG9X9*DRHJ+9ED57TE9ZDQRFWUCW9XHMOBTTUCC6X30"
)


def make_code(randomness: bytes = bytes(32), day: date = DAY) -> str:
    serial = make_serial(randomness)
    signature = KEY.sign(code_message(serial, day, 7))
    return encode_code("https://meterai.example/", serial, day, key_id=7, signature=signature)


def _is_accepted(text: str) -> bool:
    try:
        return verify_code(decode_code(text), PUBLIC)
    except Refusal:
        return False


@given(st.binary(min_size=32, max_size=32), st.dates(date(2024, 1, 1), date(2200, 1, 1)))
def test_what_is_encoded_is_read_back_and_verifies(randomness: bytes, day: date) -> None:
    code = decode_code(make_code(randomness, day))
    assert (code.serial, code.day, code.key_id) == (make_serial(randomness), day, 7)
    assert verify_code(code, PUBLIC)


def test_the_text_is_the_published_vector() -> None:
    assert make_code(bytes(range(32))) == VECTOR


def test_the_code_of_a_serial_with_letters_that_look_like_digits_is_still_read() -> None:
    code = decode_code(OLDER_VECTOR)
    assert set(code.serial) & set("OIBSZ"), "as serials were made before"
    assert verify_code(code, PUBLIC)


def test_the_whole_text_fits_the_alphanumeric_mode_of_a_version_6_code() -> None:
    text = make_code()
    assert set(text) <= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
    assert len(text) <= 154  # version 6, level M


def test_every_changed_character_is_noticed() -> None:
    text = make_code()
    start = text.index("/C/") + 3
    for position in range(start, len(text)):
        changed = text[:position] + ("A" if text[position] != "A" else "B") + text[position + 1 :]
        assert not _is_accepted(changed), position


def test_an_unknown_key_or_another_key_does_not_verify() -> None:
    code = decode_code(make_code())
    other = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
    assert not verify_code(code, {})
    assert not verify_code(code, {7: other})


@pytest.mark.parametrize(
    "text", ["", "/", "HTTPS://METERAI.EXAMPLE/C/", "ABC", "é" * 125, ":" * 125, "0" * 124]
)
def test_anything_else_is_refused_by_name(text: str) -> None:
    with pytest.raises(Refusal, match=r"code\.unreadable"):
        decode_code(text)


VECTORS = json.loads(stamp_code_vectors.FILE.read_text())
PUBLISHED = {int(key_id): bytes.fromhex(key) for key_id, key in VECTORS["keys"].items()}


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: vector["name"])
def test_the_reader_says_of_each_published_vector_what_the_file_says(vector: dict[str, Any]) -> None:
    outcome = vector["outcome"]
    if outcome in ("unreadable", "newer", "foreign"):
        # The address in a person's text is not checked: other addresses fail as a payload.
        with pytest.raises(Refusal, match=r"code\.(unreadable|newer)") as refused:
            decode_code(vector["text"])
        assert outcome == "foreign" or refused.value.code == f"code.{outcome}"
        return
    code = decode_code(vector["text"])
    assert verify_code(code, PUBLISHED) == (outcome == "genuine")
    assert (code.key_id in PUBLISHED) == (outcome != "unknown_key")
    if outcome == "genuine":
        assert (code.serial, code.day.isoformat(), code.key_id) == (
            vector["serial"],
            vector["day"],
            vector["key_id"],
        )
        message = code_message(code.serial, code.day, code.key_id)
        assert (message.hex(), vector["message"][-38:]) == (vector["message"], vector["payload"][:38])


def test_the_published_vectors_are_made_by_their_recipe() -> None:
    assert stamp_code_vectors.make_vectors() == VECTORS


def test_a_code_of_a_newer_form_is_refused_by_its_own_name() -> None:
    newer = next(v["text"] for v in VECTORS["vectors"] if v["name"] == "version 2")
    with pytest.raises(Refusal, match=r"code\.newer"):
        decode_code(newer)
