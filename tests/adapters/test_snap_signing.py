"""BI-SNAP's signatures and words: a vector for each trap."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from meterai.kernel.money import Rupiah
from meterai.kernel.refusals import Refusal
from meterai.sales.adapters.snap import signing
from meterai.sales.adapters.snap.companies import read_companies
from meterai.sales.adapters.snap.tokens import LIFE_SECONDS, GivenTokens, TokenCache
from meterai.sales.adapters.snap.wire import (
    Amount,
    Meaning,
    Said,
    account_no,
    amount_of,
    amount_text,
    customer_no,
    meaning_of,
    read_unambiguous,
    service_id,
)
from meterai.sales.ports import Channel

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
NOW = datetime(2026, 12, 2, 17, 30, 5, 999_000, tzinfo=UTC)
SECRET = "a client secret"


@pytest.mark.parametrize(
    ("body", "minified"),
    [
        (b'{\n  "a" : 1,\t"b": [ true , null ]\r\n}', b'{"a":1,"b":[true,null]}'),
        (b'{"name": "PT  Dua  Spasi\\t"}', b'{"name":"PT  Dua  Spasi\\t"}'),
        (b'{"said": "a \\" b : c", "x": 1}', b'{"said":"a \\" b : c","x":1}'),
        (b'{"end": "\\\\", "x": " y "}', b'{"end":"\\\\","x":" y "}'),
        (b'{"partnerServiceId": "   98829"}', b'{"partnerServiceId":"   98829"}'),
        (b'{"b": 1, "a": 2}', b'{"b":1,"a":2}'),
        (b"", b""),
        ('{"nama": "é\u00a0\u2028 x"}'.encode(), '{"nama":"é\u00a0\u2028 x"}'.encode()),
    ],
    ids=["between", "in strings", "quotes", "backslash", "padding", "order", "empty", "other spaces"],
)
def test_minify_takes_white_space_out_between_words_alone(body: bytes, minified: bytes) -> None:
    assert signing.minify(body) == minified
    assert signing.minify(minified) == minified


def test_a_call_is_signed_over_method_path_token_digest_and_time() -> None:
    body = b'{ "amount": {"value": "10000.00"}, "note": "dua  kata" }'
    stamp = signing.timestamp(NOW)
    digest = hashlib.sha256(b'{"amount":{"value":"10000.00"},"note":"dua  kata"}').hexdigest()
    expected = f"POST:/v1.0/qr/qr-mpm-generate:tok:{digest}:2026-12-03T00:30:05+07:00".encode()
    text = signing.text_to_sign("post", "/v1.0/qr/qr-mpm-generate", token="tok", body=body, stamp=stamp)
    assert text == expected
    signature = base64.b64encode(hmac.new(SECRET.encode(), expected, hashlib.sha512).digest()).decode()
    assert signing.sign(SECRET, text) == signature
    assert signing.is_signed(SECRET, text, signature)
    upper = expected.replace(digest.encode(), digest.upper().encode())
    assert not signing.is_signed(SECRET, upper, signature), "the digest is lower-case hex"
    assert not signing.is_signed(SECRET, text, signature.lower())
    assert not signing.is_signed(SECRET, text, "ünfug")


def test_a_known_vector_of_a_signed_call() -> None:
    """Made with `openssl dgst -sha512 -hmac`, not with this code."""
    text = signing.text_to_sign(
        "POST",
        "/v1.0/transfer-va/create-va",
        token="T0K",
        body=b'{"a": "b c"}',
        stamp="2026-12-02T23:05:00+07:00",
    )
    assert text == (
        b"POST:/v1.0/transfer-va/create-va:T0K:"
        b"38cc6e2f67cb1ba72ac3667828c60fa517302e9ebd46d74333f15efbd1f83490:2026-12-02T23:05:00+07:00"
    )
    assert signing.sign("secret", text) == (
        "8BXFm2qRgP7biqm1Cth07r74JJkUxrde/BrVdxIehDKo5fGlEyeV13NUEsUdhCXbEaA9b6sd2r5rtKyLZsfjHg=="
    )


@pytest.mark.parametrize(
    "moment",
    [NOW, NOW.astimezone(timezone(timedelta(hours=9))), NOW.astimezone(timezone(timedelta(hours=-11)))],
)
def test_times_are_jakartas_whatever_the_machine_says(moment: datetime) -> None:
    assert signing.timestamp(moment) == "2026-12-03T00:30:05+07:00"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026-12-03T00:30:05+07:00", NOW.replace(microsecond=0)),
        ("2026-12-02T17:30:05Z", NOW.replace(microsecond=0)),
        ("2026-12-02T17:30:05.999Z", NOW),
        ("2026-12-03T00:30:05+0700", NOW.replace(microsecond=0)),
        ("2026-12-03T00:30:05", None),
        ("2026-12-03 00:30:05+07:00", None),
        ("2026-13-03T00:30:05+07:00", None),
        ("", None),
    ],
)
def test_a_time_without_a_zone_is_none(text: str, read: datetime | None) -> None:
    assert signing.read_timestamp(text) == read


def test_a_token_is_asked_for_with_rsa_over_client_and_time() -> None:
    stamp = signing.timestamp(NOW)
    signature = signing.sign_token_call(KEY, "client", stamp)
    public = KEY.public_key()
    assert signing.is_token_call(public, "client", stamp=stamp, signature=signature)
    assert not signing.is_token_call(public, "other", stamp=stamp, signature=signature)
    assert not signing.is_token_call(public, "client", stamp=stamp.replace("05+", "06+"), signature=signature)
    assert not signing.is_token_call(OTHER.public_key(), "client", stamp=stamp, signature=signature)
    assert not signing.is_token_call(public, "client", stamp=stamp, signature="no base64!")


def test_external_ids_are_numbers_and_never_the_same() -> None:
    made = {signing.external_id(NOW) for _ in range(2_000)}
    assert len(made) == 2_000
    assert all(one.isdecimal() and len(one) == 32 for one in made), "at most 36 digits"


@pytest.mark.parametrize(
    "value", ["10000", "10000.0", "10000.01", "10,000.00", "-1.00", "0.00", "1e4", "", "0123.00"]
)
def test_an_amount_of_another_form_is_no_amount(value: str) -> None:
    with pytest.raises(Refusal) as refused:
        amount_of(Amount(value))
    assert refused.value.facts["reason"] == "amount_unreadable"


def test_amounts_have_two_decimals_and_their_currency() -> None:
    assert amount_text(10_000) == {"value": "10000.00", "currency": "IDR"}
    assert amount_of(Amount("10000.00")) == Rupiah(10_000)
    with pytest.raises(Refusal):
        amount_of(Amount("10000.00", "USD"))


@pytest.mark.parametrize(
    "body",
    [
        b'{"responseCode": "2005100", "responseCode": "4045101"}',
        b'{"amount": {"value": "1.00", "value": "2.00"}}',
        b'{"responseCode": "2005100", "respons\\u0065Code": "4045101"}',
        b'[{"a": 1, "a": 1}]',
        b"[" * 100_000,
    ],
)
def test_json_that_names_a_key_twice_is_refused(body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        read_unambiguous(body, Said)


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("2002700", Meaning.DONE),
        ("2024700", Meaning.IN_PROCESS),
        ("4002702", Meaning.REFUSED),
        ("4012700", Meaning.KEY_REFUSED),
        ("4015101", Meaning.NO_TOKEN),
        ("4037814", Meaning.LATER),
        ("4045101", Meaning.MISSING),
        ("4042612", Meaning.MISSING),
        ("4094700", Meaning.REPEATED_ID),
        ("4094701", Meaning.DUPLICATE),
        ("4295100", Meaning.BUSY),
    ],
)
def test_what_a_response_code_says(code: str, meaning: Meaning) -> None:
    assert meaning_of(code) is meaning


@pytest.mark.parametrize("code", ["5004700", "5042600", "", "200", "20047xx", "00"])
def test_a_code_that_says_nothing_is_no_answer(code: str) -> None:
    with pytest.raises(Refusal) as refused:
        meaning_of(code)
    assert refused.value.code == "gateway.unavailable"


def test_a_companys_number_is_padded_and_read_back() -> None:
    assert service_id("98829") == "   98829"
    assert service_id("12345678") == "12345678"
    assert account_no("   98829" + "0123456789012") == "988290123456789012"
    assert account_no("988290123456789012   ") == "988290123456789012"


def test_a_customers_number_follows_from_the_reference() -> None:
    assert customer_no("MT-1-1") == customer_no("MT-1-1")
    numbers = {customer_no(f"MT-{one}-1") for one in range(500)}
    assert len(numbers) == 500
    assert all(number.isdecimal() and len(number) == 13 for number in numbers)


def test_companies_are_read_by_channel() -> None:
    assert read_companies(" va_bni=98829 ") == {Channel.VA_BNI: "98829"}
    for wrong in ("qris=1", "va_bni=", "va_bni=123456789", "va_bni=1,va_bni=2", "bni=1", "va_bni"):
        with pytest.raises(ValueError, match="METERAI_SNAP_COMPANIES"):
            read_companies(wrong)


def test_a_token_of_ours_counts_at_every_site_until_it_ends() -> None:
    token = GivenTokens(KEY).give(NOW)
    elsewhere = GivenTokens(KEY)
    assert elsewhere.knows(token, NOW + timedelta(seconds=LIFE_SECONDS - 2))
    assert not elsewhere.knows(token, NOW + timedelta(seconds=LIFE_SECONDS))
    assert not GivenTokens(OTHER).knows(token, NOW)
    whole = base64.urlsafe_b64decode(token)
    longer = whole[:32] + whole[32:].replace(whole[32:36], b"9999")
    assert not elsewhere.knows(base64.urlsafe_b64encode(longer).decode(), NOW)
    for wrong in ("", "x", "ünfug", token[:-4]):
        assert not elsewhere.knows(wrong, NOW)


async def test_a_token_is_fetched_once_and_again_before_it_ends() -> None:
    fetched: list[str] = []
    now = [0.0]

    async def fetch() -> tuple[str, int]:
        fetched.append(f"token {len(fetched)}")
        return fetched[-1], 900

    cache = TokenCache(fetch, lambda: now[0])
    assert [await cache.get() for _ in range(3)] == ["token 0"] * 3
    cache.forget("another one")
    now[0] = 869
    assert await cache.get() == "token 0"
    now[0] = 870
    assert await cache.get() == "token 1"
    cache.forget("token 1")
    assert await cache.get() == "token 2"
