"""Serial numbers: 22 characters, random, with a check character that catches slips of the pen."""

import hashlib
import os
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterai.kernel.serial_number import (
    ALPHABET,
    LOOK_ALIKES,
    check_character,
    group_serial,
    make_serial,
    parse_serial,
    readings,
)

randomness = st.binary(min_size=32, max_size=32)


@given(randomness)
def test_a_serial_has_22_characters_and_its_check_character_fits(value: bytes) -> None:
    serial = make_serial(value)
    assert len(serial) == 22
    assert set(serial) <= set(ALPHABET) - set("OIBSZ")
    assert parse_serial(serial) == serial


def test_two_of_many_serials_are_never_the_same() -> None:
    assert (
        len({make_serial(hashlib.sha256(bytes([n // 256, n % 256])).digest()) for n in range(9999)}) == 9999
    )


@given(randomness)
def test_letters_typed_for_all_digits_that_look_like_them_are_read(value: bytes) -> None:
    serial = make_serial(value)
    for letter, digit in LOOK_ALIKES.items():
        assert serial in readings(serial.replace(digit, letter).lower())


@given(randomness)
def test_a_serial_typed_as_printed_is_its_own_first_reading(value: bytes) -> None:
    assert readings(group_serial(make_serial(value)))[0] == make_serial(value)


def test_no_more_than_64_readings_of_a_text_are_tried() -> None:
    many = readings("O0I1B8S5Z2O0I1B8S5Z2O0")
    assert len(many) == len(set(many)) == 64
    assert all(parse_serial(reading) == reading for reading in many)
    assert readings("MATERAI") == []


@given(randomness, st.integers(0, 21), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(value: bytes, place: int, wrong: str) -> None:
    serial = make_serial(value)
    changed = serial[:place] + wrong + serial[place + 1 :]
    assert parse_serial(changed) == (serial if changed == serial else None)


def test_629_of_630_swaps_of_two_neighbours_are_noticed() -> None:
    """ISO 7064's hybrid systems miss few. What the check has come to before a pair is one of 36 values; each
    first character of a text stands for one of them."""
    unnoticed = [
        (before, a, b)
        for before in ALPHABET
        for a, b in combinations(ALPHABET, 2)
        if check_character(before + a + b) == check_character(before + b + a)
    ]
    assert len(unnoticed) == 36
    assert len(unnoticed) * 630 == 36 * 36 * 35 // 2


def test_typed_serials_may_have_spaces_hyphens_and_small_letters() -> None:
    serial = make_serial(os.urandom(32))
    assert parse_serial(group_serial(serial).lower().replace(" ", " - ")) == serial
    assert parse_serial("\u2068" + group_serial(serial).replace(" ", "\u2013") + "\u2069 ") == serial


def test_other_text_is_no_serial() -> None:
    assert parse_serial("") is None
    assert parse_serial("MATERAI") is None
    assert parse_serial("Ä" * 22) is None


def test_the_check_character_is_that_of_iso_7064_mod_37_36() -> None:
    assert check_character("A12425GABC1234002") == "M"  # the example of ISO 7064 as used by GRid


def test_too_little_randomness_is_a_bug() -> None:
    with pytest.raises(ValueError, match="32 random bytes"):
        make_serial(b"x" * 31)
