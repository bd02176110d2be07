"""Our own reading of CMS, compared with asn1crypto, and our own chain rules, tried with weak certificates."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from asn1crypto import algos, cms, tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.sign.timestamps import DummyTimeStamper

from meterai.signatures import certificate_chain, der
from meterai.signatures.cms import (
    OID_ALGORITHM_PROTECTION,
    FormError,
    SignedForm,
    element_length,
    read_signature,
    read_token,
    token_info,
)
from meterai.signatures.signed_data import (
    OID_CONTENT_TYPE,
    OID_DATA,
    OID_MESSAGE_DIGEST,
    OID_SHA256,
    OID_SIGNING_CERTIFICATE_V2,
)
from meterai.signatures.time_stamp import TimeStamp, check_token, check_token_for
from meterai.stamping.archive.chains import chains_of
from tests.verification.making import NOW, Stamper, byte_range, certificate, private_key, store

type Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
type Addition = Callable[[x509.CertificateBuilder], x509.CertificateBuilder]
STRONG = rsa.generate_private_key(65537, 2048)
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
NAMES = x509.NameConstraints(permitted_subtrees=[x509.DNSName("example")], excluded_subtrees=None)


def content_of(stamped: bytes) -> bytes:
    _, start, end, _ = byte_range(stamped)
    gap = bytes.fromhex(stamped[start + 1 : end - 1].decode())
    return gap[: element_length(gap)]


def test_the_parts_of_a_signature_are_those_that_asn1crypto_finds(stamper: Stamper, stamped: bytes) -> None:
    content = content_of(stamped)
    form = read_signature(content)
    signed = cms.ContentInfo.load(content)["content"]
    signer = signed["signer_infos"][0]
    assert set(form.certificates) == {choice.chosen.dump() for choice in signed["certificates"]}
    assert form.certificates[0] == certificate(stamper.folder / "stamp.pem").dump()
    assert form.signature == signer["signature"].native
    assert form.signed_attributes == signer["signed_attrs"].untag().dump()
    assert form.digest == signer["digest_algorithm"]["algorithm"].native
    assert form.token == signer["unsigned_attrs"][0]["values"][0].dump()


def test_what_a_token_states_is_what_asn1crypto_reads(stamped: bytes) -> None:
    form = read_signature(content_of(stamped))
    assert form.token is not None
    info = token_info(read_token(form.token))
    content = cms.ContentInfo.load(form.token)["content"]["encap_content_info"]["content"].parsed
    assert info.time == content["gen_time"].native == NOW
    assert info.imprint == content["message_imprint"]["hashed_message"].native
    assert info.imprint_digest == content["message_imprint"]["hash_algorithm"]["algorithm"].native


@pytest.fixture
def dated(stamped: bytes) -> tuple[bytes, bytes]:
    """A token of our authority, and the signature that it dates."""
    form = read_signature(content_of(stamped))
    assert form.token is not None
    return form.token, form.signature


def roots_of(stamper: Stamper) -> list[x509.Certificate]:
    return [x509.load_pem_x509_certificate((stamper.folder / "root.pem").read_bytes())]


@pytest.mark.parametrize(
    ("early", "problem"), [(0, ""), (300, ""), (301, "time_stamp.future"), (90_000, "time_stamp.future")]
)
def test_a_time_stamp_may_be_ahead_by_what_clocks_differ(
    stamper: Stamper, dated: tuple[bytes, bytes], early: int, problem: str
) -> None:
    found = check_token(*dated, roots_of(stamper), NOW - timedelta(seconds=early))
    assert (found.time, found.problem) == (NOW, problem)


def test_a_time_stamp_dates_one_signature_by_an_authority_of_ours(
    stamper: Stamper, other_stamper: Stamper, dated: tuple[bytes, bytes]
) -> None:
    token, signature = dated
    imprint = hashlib.sha256(signature).digest()
    for due, problem in ((imprint, ""), (bytes(32), "time_stamp.broken")):
        found = check_token_for(token, due, roots_of(stamper), NOW)
        assert (found.time, found.problem) == (NOW, problem)
    assert check_token(token, signature + b"!", roots_of(stamper), NOW).problem == "time_stamp.broken"
    assert check_token(token, signature, roots_of(other_stamper), NOW).problem == "time_stamp.unknown_issuer"
    wrongly_signed = token[:-1] + bytes([token[-1] ^ 1])
    assert check_token(wrongly_signed, signature, roots_of(stamper), NOW).problem == "time_stamp.broken"
    assert check_token(b"junk", signature, roots_of(stamper), NOW) == TimeStamp(
        time=None, problem="time_stamp.broken"
    )


def token_by(time_stamper: DummyTimeStamper, signature: bytes) -> bytes:
    imprint = tsp.MessageImprint(
        {
            "hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
            "hashed_message": hashlib.sha256(signature).digest(),
        }
    )
    request = tsp.TimeStampReq({"version": 1, "message_imprint": imprint, "cert_req": True})
    return bytes(time_stamper.request_tsa_response(request)["time_stamp_token"].dump())


def test_a_token_of_another_key_of_ours_or_another_time_or_with_a_foreign_certificate_is_broken(
    stamper: Stamper, other_stamper: Stamper
) -> None:
    def by(name: str, years: int = 0) -> str:
        time_stamper = DummyTimeStamper(
            tsa_cert=certificate(stamper.folder / f"{name}.pem"),
            tsa_key=private_key(stamper.folder / f"{name}.key.pem"),
            certs_to_embed=store(certificate(stamper.folder / "intermediate.pem")),
            fixed_dt=NOW + timedelta(days=366 * years),
            include_nonce=False,
        )
        token = token_by(time_stamper, b"dated")
        return check_token(token, b"dated", roots_of(stamper), NOW + timedelta(days=40_000)).problem

    assert by("tsa") == ""
    assert by("stamp") == "time_stamp.broken", "no authority of time"
    assert by("tsa", 20) == "time_stamp.broken", "its certificate has ended"
    assert by("tsa", -1) == "time_stamp.broken", "its certificate has not begun"
    content = cms.ContentInfo.load(token_by(stamper.time_stamper(), b"dated"))
    content["content"]["certificates"].append(certificate(other_stamper.folder / "stamp.pem"))
    found = check_token(content.dump(force=True), b"dated", roots_of(stamper), NOW)
    assert found.problem == "time_stamp.broken", "nothing signs that certificate"


def test_every_byte_of_the_structure_outside_the_signed_ones_is_fixed(stamped: bytes) -> None:
    """Whatever is changed in it, reading fails or another covered part comes out: nothing is skipped."""
    content = content_of(stamped)
    honest = read_signature(content)
    for position in range(0, len(content), 7):
        changed = bytearray(content)
        changed[position] ^= 1
        try:
            assert read_signature(bytes(changed)) != honest, position
        except FormError:
            continue


@pytest.mark.parametrize(
    "junk", [b"", b"\x30", b"\x30\x80\x00\x00", b"\x30\x03\x02\x01\x01", b"\xff" * 40, b"\x30\x82\xff\xff"]
)
def test_what_is_no_signature_is_refused_by_name(junk: bytes) -> None:
    for read in (read_signature, read_token):
        with pytest.raises(FormError):
            read(junk)


def test_a_certificate_carried_twice_is_refused(stamped: bytes) -> None:
    content = content_of(stamped)
    signed = der.read(der.read(content).children()[1].content)
    parts = signed.children()
    twice = der.encode(0xA0, parts[3].content, parts[3].children()[0].whole)
    body = der.encode(der.SEQUENCE, *(twice if part is parts[3] else part.whole for part in parts))
    kind = der.read(content).children()[0].whole
    with pytest.raises(FormError):
        read_signature(der.encode(der.SEQUENCE, kind, der.encode(0xA0, body)))


def issue(
    name: str | x509.Name,
    key: Key,
    issuer: str | x509.Name,
    issuing: Key,
    *,
    authority: bool = False,
    certifies: bool | None = None,
    days: tuple[int, int] = (-10, 1000),
    path_length: int | None = None,
    add: Addition = lambda builder: builder,
) -> x509.Certificate:
    usage = dict.fromkeys(("key_encipherment", "data_encipherment", "key_agreement"), False)
    builder = (
        x509.CertificateBuilder()
        .subject_name(full_name(name))
        .issuer_name(full_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + timedelta(days=days[0]))
        .not_valid_after(NOW + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=path_length), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not authority,
                content_commitment=not authority,
                key_cert_sign=authority if certifies is None else certifies,
                crl_sign=authority,
                encipher_only=False,
                decipher_only=False,
                **usage,
            ),
            critical=True,
        )
    )
    return add(builder).sign(issuing, hashes.SHA256())


def full_name(name: str | x509.Name) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) if isinstance(name, str) else name


def path_of(
    signer: x509.Certificate, middle: x509.Certificate, root: x509.Certificate
) -> certificate_chain.Path:
    return certificate_chain.build_path([signer, middle], [root], NOW, exact=True)


@pytest.mark.parametrize(
    ("place", "changes", "problem"),
    [
        ("signer", {}, ""),
        ("signer", {"key": rsa.generate_private_key(65537, 1024)}, "chain.not_allowed"),
        ("signer", {"key": ec.generate_private_key(ec.SECP224R1())}, "chain.not_allowed"),
        ("signer", {"key": ec.generate_private_key(ec.SECP256R1())}, ""),
        ("signer", {"add": lambda b: b.add_extension(UNKNOWN, critical=True)}, "chain.not_allowed"),
        ("signer", {"add": lambda b: b.add_extension(UNKNOWN, critical=False)}, ""),
        ("middle", {"add": lambda b: b.add_extension(NAMES, critical=True)}, "chain.not_allowed"),
        ("middle", {"add": lambda b: b.add_extension(NAMES, critical=False)}, "chain.not_allowed"),
        ("middle", {"authority": False}, "chain.not_allowed"),
        ("middle", {"authority": False, "certifies": True}, "chain.not_allowed"),
        ("middle", {"certifies": False}, "chain.not_allowed"),
    ],
)
def test_a_weak_certificate_or_one_we_do_not_understand_fails_the_chain(
    place: str, changes: dict[str, object], problem: str
) -> None:
    """What pyHanko's validator refuses by its default policy, ours refuses too."""
    middle_key = rsa.generate_private_key(65537, 2048)
    root = issue("Akar", STRONG, "Akar", STRONG, authority=True)
    made = {"middle": {"key": middle_key, "authority": True}, "signer": {"key": STRONG}}
    made[place] = made[place] | changes
    middle = issue("Antara", issuer="Akar", issuing=STRONG, **made["middle"])  # type: ignore[arg-type]
    signer = issue("Meterai", issuer="Antara", issuing=middle_key, **made["signer"])  # type: ignore[arg-type]
    path = path_of(signer, middle, root)
    assert path.problem == problem
    assert path.leads_to_root


def authorities(number: int) -> list[x509.Certificate]:
    """A signer and a number of authorities above it, the uppermost one below `Akar`."""
    names = ["Meterai", *(f"Antara {n}" for n in range(number)), "Akar"]
    return [
        issue(name, STRONG, above, STRONG, authority=name != "Meterai") for name, above in pairwise(names)
    ]


def test_a_chain_that_is_too_long_leads_nowhere_whoever_made_it() -> None:
    """Mallory can make as many authorities as she likes: where nobody looks further is no root."""
    root = issue("Akar", STRONG, "Akar", STRONG, authority=True)
    longest = authorities(certificate_chain.PATH_LENGTH_MAX - 1)
    path = certificate_chain.build_path(longest, [root], NOW, exact=True)
    assert (path.leads_to_root, path.problem) == (True, "")
    assert path.certificates == (*longest, root)
    for number in range(certificate_chain.PATH_LENGTH_MAX, certificate_chain.PATH_LENGTH_MAX + 3):
        for roots in ([root], [issue("Lain", STRONG, "Lain", STRONG, authority=True)]):
            path = certificate_chain.build_path(authorities(number), roots, NOW, exact=True)
            assert (path.leads_to_root, path.problem) == (False, "chain.unknown"), number


@pytest.mark.parametrize(("path_length", "problem"), [(0, "chain.not_allowed"), (1, ""), (None, "")])
def test_an_authority_that_may_issue_to_nobody_who_issues_is_held_to_it(
    path_length: int | None, problem: str
) -> None:
    root = issue("Akar", STRONG, "Akar", STRONG, authority=True)
    upper = issue("Antara 1", STRONG, "Akar", STRONG, authority=True, path_length=path_length)
    carried = [*authorities(2)[:2], upper]
    assert certificate_chain.build_path(carried, [root], NOW, exact=True).problem == problem


_DIGEST = der.encode(der.SEQUENCE, OID_SHA256)
_SIGNATURE = der.encode(der.SEQUENCE, der.encode_oid("1.2.840.10045.4.3.2"))
_OTHER = der.encode(der.SEQUENCE, der.encode_oid("1.2.840.10045.4.3.4"))


@pytest.mark.parametrize(
    ("protection", "holds"),
    [
        ((), True),
        ((_DIGEST, b"\xa1" + _SIGNATURE[1:]), True),
        ((_DIGEST, b"\xa1" + _OTHER[1:]), False),
        ((_OTHER, b"\xa1" + _SIGNATURE[1:]), False),
        ((_DIGEST, b"\xa2" + _SIGNATURE[1:]), False),  # names a message authentication code
    ],
)
def test_a_signature_whose_attributes_name_other_algorithms_does_not_hold(
    protection: tuple[bytes, ...], holds: bool
) -> None:
    """RFC 6211: what is signed says by which algorithms, so that nobody puts weaker ones in their place."""
    key = ec.generate_private_key(ec.SECP256R1())
    own = issue("Meterai", key, "Meterai", key).public_bytes(Encoding.DER)
    digest = der.encode(der.OCTET_STRING, hashlib.sha256(own).digest())
    named = der.encode(der.SEQUENCE, der.encode(der.SEQUENCE, der.encode(der.SEQUENCE, digest)))
    values = {
        OID_CONTENT_TYPE: OID_DATA,
        OID_MESSAGE_DIGEST: der.encode(der.OCTET_STRING, bytes(32)),
        OID_SIGNING_CERTIFICATE_V2: named,
    }
    if protection:
        values[OID_ALGORITHM_PROTECTION] = der.encode(der.SEQUENCE, *protection)
    attributes = der.encode_set_of(
        der.SET,
        *(der.encode(der.SEQUENCE, kind, der.encode(der.SET, value)) for kind, value in values.items()),
    )
    form = SignedForm(
        certificates=(own,),
        signed_attributes=attributes,
        digest="sha256",
        signature=key.sign(attributes, ec.ECDSA(hashes.SHA256())),
        token=None,
        content=b"",
        mechanism=der.encode_oid("1.2.840.10045.4.3.2"),
        digest_algorithm=_DIGEST,
        signature_algorithm=_SIGNATURE,
    )
    assert certificate_chain.verifies(form, bytes(32)) is holds
    assert not certificate_chain.verifies(form, bytes(31) + b"1")


STAMPING, DOCUMENTS = ExtendedKeyUsageOID.TIME_STAMPING, x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")


@pytest.mark.parametrize(
    ("purposes", "critical", "dates", "stamps"),
    [
        ([STAMPING], True, True, False),
        ([STAMPING], False, False, False),  # RFC 3161, 2.3
        ([STAMPING, DOCUMENTS], True, False, False),
        ([DOCUMENTS], False, False, True),
    ],
)
def test_a_certificate_dates_or_stamps_and_never_both(
    purposes: list[x509.ObjectIdentifier], critical: bool, dates: bool, stamps: bool
) -> None:
    usage = x509.ExtendedKeyUsage(purposes)
    key = ec.generate_private_key(ec.SECP256R1())
    made = issue("A", key, "A", key, add=lambda builder: builder.add_extension(usage, critical=critical))
    assert (certificate_chain.may_time_stamp(made), certificate_chain.may_stamp(made)) == (dates, stamps)


@pytest.mark.parametrize(
    "junk",
    [
        "3080",
        "308100",
        "30817f" + "00" * 127,
        "3082007f" + "00" * 127,
        "1f0100",
        "3001",
        "30",
        "30850000000000",
    ],
)
def test_what_der_does_not_allow_is_not_read(junk: str) -> None:
    """One structure, one encoding: else a byte of a released file would be free."""
    with pytest.raises(der.DerError):
        der.read(bytes.fromhex(junk))


def test_two_authorities_that_issued_each_other_lead_nowhere() -> None:
    root = issue("Akar", STRONG, "Akar", STRONG, authority=True)
    one, other = (issue(*names, STRONG, authority=True) for names in (("A", STRONG, "B"), ("B", STRONG, "A")))
    path = certificate_chain.build_path(
        [issue("Meterai", STRONG, "A", STRONG), one, other], [root], NOW, exact=True
    )
    assert (path.leads_to_root, path.problem) == (False, "chain.unknown")


@pytest.mark.parametrize("moment", ["not_valid_before_utc", "not_valid_after_utc"])
def test_a_certificate_holds_from_its_first_moment_to_its_last(moment: str) -> None:
    root = issue("Akar", STRONG, "Akar", STRONG, authority=True, days=(-20, 2000))
    signer = issue("Meterai", STRONG, "Akar", STRONG)
    second = timedelta(seconds=1 if moment == "not_valid_after_utc" else -1)
    at = getattr(signer, moment)
    assert certificate_chain.build_path([signer], [root], at, exact=True).problem == ""
    assert certificate_chain.build_path([signer], [root], at + second, exact=True).problem == "chain.expired"


@pytest.mark.parametrize("old_first", [True, False])
def test_a_pinned_certificate_and_its_renewal_hold_each_in_its_time(old_first: bool) -> None:
    """Name and key stay. Tokens of the authority carry either along, and neither is a foreign body."""
    old = issue("Akar", STRONG, "Akar", STRONG, authority=True, days=(-10, 30))
    new = issue("Akar", STRONG, "Akar", STRONG, authority=True, days=(20, 900))
    roots = [old, new] if old_first else [new, old]
    signer = issue("Meterai", STRONG, "Akar", STRONG)
    for day, used in ((0, old), (25, new), (35, new)):
        for carried in ([signer], [signer, old], [signer, new], [signer, new, old]):
            path = certificate_chain.build_path(carried, roots, NOW + timedelta(days=day), exact=True)
            assert (path.problem, path.certificates) == ("", (signer, used))
    other_key = rsa.generate_private_key(65537, 2048)
    strange = (
        issue("Akar", STRONG, "Akar", STRONG, authority=True),  # nobody pinned it
        issue("Akar", other_key, "Akar", other_key, authority=True),
        issue("Lain", STRONG, "Lain", STRONG, authority=True),
    )
    for number, body in enumerate(strange):
        known = roots if number == 0 else [*roots, body]
        assert (
            certificate_chain.build_path([signer, body], known, NOW, exact=True).problem
            == "chain.foreign_body"
        )


def test_a_renewed_root_proves_until_the_end_of_its_renewal(stamper: Stamper, stamped: bytes) -> None:
    old = x509.load_pem_x509_certificate((stamper.folder / "root.pem").read_bytes())
    key = load_pem_private_key((stamper.folder / "root.key.pem").read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)

    def root(last_day: int) -> bytes:
        name = old.subject
        return issue(name, key, name, key, authority=True, days=(-10, last_day)).public_bytes(Encoding.PEM)

    for roots in ([root(30), root(900)], [root(900), root(30)]):
        proof_until = chains_of([content_of(stamped)], [], roots).proof_until
        assert proof_until == NOW + timedelta(days=900)


def test_a_certificate_signed_over_sha1_is_a_stranger(tmp_path: Path) -> None:
    """Such old ones exist elsewhere; `cryptography` does not even check their signature."""
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-sha1", "-subj", "/CN=Lama"]
    command += ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "old.pem")]
    subprocess.run(command, check=True, capture_output=True)
    old = x509.load_pem_x509_certificate((tmp_path / "old.pem").read_bytes())
    root = issue("Akar", STRONG, "Akar", STRONG, authority=True)
    path = certificate_chain.build_path([old], [root], NOW, exact=False)
    assert not path.leads_to_root


def test_a_certificate_of_unusual_size_is_neither_read_nor_remembered() -> None:
    ballast = x509.UnrecognizedExtension(
        x509.ObjectIdentifier("1.2.3.4"), b"\x04\x82\x40\x00" + bytes(0x4000)
    )
    big = issue("Besar", STRONG, "Besar", STRONG, add=lambda b: b.add_extension(ballast, critical=False))
    before = certificate_chain.load_certificate.cache_info().currsize
    with pytest.raises(ValueError, match="size"):
        certificate_chain.load_certificate(big.public_bytes(Encoding.DER))
    assert certificate_chain.load_certificate.cache_info().currsize == before


def test_a_remembered_certificate_is_not_valid_for_ever(stamper: Stamper) -> None:
    """Parsing and signatures are cached; the time of validity is checked each time."""
    roots = [x509.load_pem_x509_certificate((stamper.folder / "root.pem").read_bytes())]
    carried = [
        x509.load_pem_x509_certificate((stamper.folder / f"{name}.pem").read_bytes())
        for name in ("stamp", "intermediate")
    ]
    for moment, problem in (
        (NOW, ""),
        (NOW + timedelta(days=365 * 40), "chain.expired"),
        (NOW, ""),
        (NOW - timedelta(days=365 * 40), "chain.expired"),
    ):
        assert certificate_chain.build_path(carried, roots, moment, exact=True).problem == problem
