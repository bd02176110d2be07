"""The key for hashes signs the digest of one document and nothing else: every other byte is refused."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asn1crypto import cms, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from meterai.signatures import der
from meterai.signatures.hash_attributes import OID_REVOCATION, check_attributes, is_for_hashes
from meterai.signatures.signed_data import (
    OID_CONTENT_TYPE,
    OID_DATA,
    OID_MESSAGE_DIGEST,
    OID_SIGNING_CERTIFICATE_V2,
    OID_TST_INFO,
)
from sandbox.pki.authority import make_pki

DIGEST = hashlib.sha256(b"a document").digest()
NULL = der.encode(der.NULL)
SIGNING_TIME = der.encode_oid("1.2.840.113549.1.9.5")


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pki(tmp_path_factory.mktemp("hashes") / "pki", "p-256")


@pytest.fixture(scope="module")
def certificate(pki: Path) -> bytes:
    return _certificate(pki / "hash.pem").public_bytes(Encoding.DER)


def _certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def sequence(*parts: bytes) -> bytes:
    return der.encode(der.SEQUENCE, *parts)


def attribute(kind: bytes, *values: bytes) -> bytes:
    return sequence(kind, der.encode(der.SET, *values))


def octets(content: bytes) -> bytes:
    return der.encode(der.OCTET_STRING, content)


def named(certificate: bytes, *more: bytes, times: int = 1) -> bytes:
    """signing-certificate-v2, with what follows the hash of the certificate."""
    identity = sequence(octets(hashlib.sha256(certificate).digest()), *more)
    return attribute(OID_SIGNING_CERTIFICATE_V2, sequence(sequence(*[identity] * times)))


def with_issuer(certificate: bytes, serial: int | None = None) -> bytes:
    found = asn1_x509.Certificate.load(certificate)
    names = asn1_x509.GeneralNames([asn1_x509.GeneralName("directory_name", found.issuer)])
    number = found.serial_number if serial is None else serial
    return bytes(tsp.IssuerSerial({"issuer": names, "serial_number": number}).dump())


TYPE, HASH = attribute(OID_CONTENT_TYPE, OID_DATA), attribute(OID_MESSAGE_DIGEST, octets(DIGEST))
REVOCATION = attribute(OID_REVOCATION, sequence(der.encode(0xA0, sequence(sequence(NULL)))))


def together(*attributes: bytes) -> bytes:
    return der.encode_set_of(der.SET, *attributes)


def test_the_digest_of_a_document_is_accepted(certificate: bytes) -> None:
    for own in (named(certificate), named(certificate, with_issuer(certificate))):
        attributes = together(TYPE, HASH, own)
        assert cms.CMSAttributes.load(attributes, strict=True)
        for plain in (False, True):
            assert check_attributes(attributes, certificate=certificate, plain=plain) == DIGEST


def test_what_an_adapter_in_the_field_sends_is_accepted_where_it_is_agreed(certificate: bytes) -> None:
    for attributes in (together(TYPE, HASH), together(TYPE, HASH, REVOCATION)):
        assert check_attributes(attributes, certificate=certificate, plain=True) == DIGEST
        with pytest.raises(ValueError, match="other signed attributes"):
            check_attributes(attributes, certificate=certificate, plain=False)


def test_anything_else_is_refused(pki: Path, certificate: bytes) -> None:
    other = _certificate(pki / "stamp.pem").public_bytes(Encoding.DER)
    own, good = named(certificate), together(TYPE, HASH, named(certificate))
    sha256 = sequence(der.encode_oid("2.16.840.1.101.3.4.2.1"))
    refused = {
        "nothing": b"",
        "no set": good[1:],
        "a sequence": b"\x30" + good[1:],
        "an empty set": together(),
        "bytes after the end": good + b"\0",
        "a long length": b"\x31\x82\x00" + good[2:],
        "no content type": together(HASH, own),
        "the content of a time stamp": together(attribute(OID_CONTENT_TYPE, OID_TST_INFO), HASH, own),
        "no digest": together(TYPE, own),
        "a digest twice": together(TYPE, HASH, HASH, own),
        "two digests in one": together(
            TYPE, attribute(OID_MESSAGE_DIGEST, octets(DIGEST), octets(DIGEST)), own
        ),
        "a digest by SHA-1": together(TYPE, attribute(OID_MESSAGE_DIGEST, octets(DIGEST[:20])), own),
        "a digest that is no octets": together(TYPE, attribute(OID_MESSAGE_DIGEST, NULL), own),
        "a signing time": together(TYPE, HASH, own, attribute(SIGNING_TIME, NULL)),
        "the certificate of seals": together(TYPE, HASH, named(other)),
        "two certificates": together(TYPE, HASH, named(certificate, times=2)),
        "the default hash in words": together(
            TYPE,
            HASH,
            attribute(
                OID_SIGNING_CERTIFICATE_V2,
                sequence(sequence(sequence(sha256, octets(hashlib.sha256(certificate).digest())))),
            ),
        ),
        "another serial number": together(TYPE, HASH, named(certificate, with_issuer(certificate, 7))),
        "the issuer of nobody": together(TYPE, HASH, named(certificate, NULL)),
        "another order": der.encode(der.SET, own, HASH, TYPE),
        "revocation beside the certificate": together(TYPE, HASH, own, REVOCATION),
        "revocation of nothing": together(TYPE, HASH, attribute(OID_REVOCATION, sequence())),
        "revocation in words": together(TYPE, HASH, attribute(OID_REVOCATION, octets(b"none"))),
        "revocation twice": together(
            TYPE, HASH, attribute(OID_REVOCATION, sequence(*[der.encode(0xA0, sequence(NULL))] * 2))
        ),
        "CRLs that are none": together(
            TYPE, HASH, attribute(OID_REVOCATION, sequence(der.encode(0xA0, sequence(NULL))))
        ),
    }
    for name, attributes in refused.items():
        for plain in (False, True):
            with pytest.raises(ValueError):
                pytest.fail(
                    f"accepted: {name} {check_attributes(attributes, certificate=certificate, plain=plain)!r}"
                )


@settings(max_examples=300, deadline=None)
@given(place=st.integers(min_value=0), change=st.integers(1, 255), plain=st.booleans())
def test_no_byte_but_the_digest_can_change(certificate: bytes, place: int, change: int, plain: bool) -> None:
    good = together(TYPE, HASH, named(certificate, with_issuer(certificate)))
    changed = bytearray(good)
    changed[place % len(good)] ^= change
    start = good.index(DIGEST)
    if start <= place % len(good) < start + 32:
        found = check_attributes(bytes(changed), certificate=certificate, plain=plain)
        assert found == bytes(changed[start : start + 32]) != DIGEST
    else:
        with pytest.raises(ValueError):
            check_attributes(bytes(changed), certificate=certificate, plain=plain)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_nonsense_is_refused_in_words(certificate: bytes, nonsense: bytes) -> None:
    for attributes in (nonsense, b"\x31" + nonsense, der.encode(der.SET, nonsense)):
        with pytest.raises(ValueError):
            check_attributes(attributes, certificate=certificate, plain=True)


def test_the_certificate_for_hashes_is_known_by_its_mark(pki: Path) -> None:
    assert is_for_hashes(_certificate(pki / "hash.pem"))
    assert not is_for_hashes(_certificate(pki / "stamp.pem"))


def test_an_authority_of_before_gets_a_key_for_hashes(pki: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pki"
    make_pki(folder, "p-256", now=datetime(2026, 1, 1, tzinfo=UTC))
    (folder / "hash.pem").unlink()
    stamp = (folder / "stamp.pem").read_bytes()
    make_pki(folder)
    assert is_for_hashes(_certificate(folder / "hash.pem"))
    assert (folder / "stamp.pem").read_bytes() == stamp
