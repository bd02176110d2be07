"""Contacts: however a person types them, one form is kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterai.customers.codes import read_code
from meterai.customers.contacts import canonical_contact
from meterai.kernel.refusals import Kind, Refusal


@pytest.mark.parametrize(
    "typed",
    [
        "081234567890",
        "0812-3456-7890",
        " 0812 3456 7890 ",
        "+62 812 3456 7890",
        "+62 0812 3456 7890",
        "6281234567890",
        "006281234567890",
        "(0812) 3456.7890",
        "81234567890",
        "+62\u00a0812\u20113456\u20117890",
        "\u202a+62 812-3456-7890\u202c",
        "\u2068+62 812\u20133456\u20137890\u2069\u200e",
    ],
)
def test_every_spelling_of_a_phone_number_is_the_same_contact(typed: str) -> None:
    contact = canonical_contact(typed)
    assert (contact.kind, contact.value) == ("phone", "+6281234567890")


def test_phone_numbers_of_other_countries_keep_their_code() -> None:
    assert canonical_contact("+65 8123 4567").value == "+6581234567"
    assert canonical_contact("0044 7700 900123").value == "+447700900123"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Alice@Example.COM", "alice@example.com"),
        ("  a.b+c@mail.example.co.id ", "a.b+c@mail.example.co.id"),
        ("\ufeffalice@\u200bexample.com \u200b", "alice@example.com"),
    ],
)
def test_e_mail_addresses_are_kept_in_lower_case(typed: str, kept: str) -> None:
    contact = canonical_contact(typed)
    assert (contact.kind, contact.value) == ("email", kept)


@pytest.mark.parametrize(
    "spellings",
    [
        ("siti@gmail.com", "Si.Ti@gmail.com", "siti+1@gmail.com", "s.iti+a+b@googlemail.com"),
        ("siti@contoh.id", "siti+1@contoh.id", "siti+cpns@contoh.id"),
        ("+44 7700 900123", "+44 07700 900123", "0044 (0) 7700 900123"),
        ("+52 55 1234 5678", "+52 1 55 1234 5678"),
        ("+54 11 1234 5678", "+54 9 11 1234 5678"),
        ("+55 11 8765 4321", "+55 11 9 8765 4321"),
        ("0812 3456 7890", "+62 812 3456 7890"),
    ],
)
def test_one_mailbox_and_one_telephone_have_one_name_in_line(spellings: tuple[str, ...]) -> None:
    assert len({canonical_contact(typed).name_in_line for typed in spellings}) == 1


def test_whom_other_messages_reach_has_another_name_in_line() -> None:
    others = [
        *("siti@contoh.id", "s.iti@contoh.id", "siti@gmail.com", "siti@contoh.com", "sit@contoh.id"),
        *("+siti@contoh.id", "+budi@contoh.id", "081234567890", "081234567891"),
        *("+447700900123", "+17700900123", "+525512345678", "+5255123456789", "+2250701234567"),
    ]
    assert len({canonical_contact(typed).name_in_line for typed in others}) == len(others)
    plain = canonical_contact("siti@contoh.id"), canonical_contact("081234567890")
    assert [one.name_in_line for one in plain] == ["email:siti@contoh.id", "phone:+6281234567890"]
    assert canonical_contact("Si.Ti+1@gmail.com").value == "si.ti+1@gmail.com", "messages go where was typed"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "alice",
        "@",
        "a@b",
        "a b@example.com",
        "a@example..com",
        ".a@example.com",
        "a@-example.com",
        "a@example.com\r\nBcc: b@example.com",
        "a@example.com,b@example.com",
        '"a b"@example.com',
        "ålice@example.com",
        "a" * 65 + "@example.com",
        "a@" + "b" * 64 + ".com",
        "12345",
        "08123",
        "0812345678901234567",
        "+62 21 555 1234",
        "०८१२३४५६७८९०",
        "+",
        "call me",
    ],
)
def test_what_is_neither_is_refused(typed: str) -> None:
    with pytest.raises(Refusal) as caught:
        canonical_contact(typed)
    assert (caught.value.kind, caught.value.code) == (Kind.INVALID, "contact.unreadable")


@given(st.text(max_size=80))
def test_no_text_leads_anywhere_but_to_a_contact_or_that_refusal(text: str) -> None:
    try:
        contact = canonical_contact(text)
    except Refusal:
        return
    assert canonical_contact(contact.value) == contact
    assert contact.name_in_line.startswith(f"{contact.kind}:")


@pytest.mark.parametrize(
    ("typed", "shown"), [("alice@example.com", "a•••@example.com"), ("081234567890", "+62•••••7890")]
)
def test_a_masked_contact_is_known_to_its_owner_only(typed: str, shown: str) -> None:
    contact = canonical_contact(typed)
    assert contact.masked == shown
    assert contact.value not in repr(contact)


@pytest.mark.parametrize(
    "typed", ["123456", " 123-456 ", "123\u2011456", "\u200e123\u00a0456\u200b", "1.2.3.4.5.6"]
)
def test_a_code_is_read_as_people_paste_it(typed: str) -> None:
    assert read_code(typed) == "123456"
