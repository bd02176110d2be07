"""Stamps under certificates, times and serial numbers that are not right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from asn1crypto import cms, pem
from asn1crypto import keys as asn1_keys
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko.sign.signers import SimpleSigner
from pyhanko.sign.timestamps import DummyTimeStamper

from tests.attacks.bases import SUM, Bases
from tests.attacks.evidence import opens, passes_naively
from tests.attacks.suite import Attack, Maker, attacks
from tests.verification.making import (
    SECOND,
    SERIAL,
    byte_range,
    certificate,
    letter,
    private_key,
    replace_cms,
    self_made,
    store,
    stranger,
    to_asn1,
)

Signer = Callable[[Bases], SimpleSigner]


def signed_by(signer: Signer) -> Maker:
    """The same letter, stamped by somebody else."""
    return lambda bases, _: bases.signed(letter(SUM), signer=signer(bases))


def _own(bases: Bases, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((bases.folder / f"{name}.pem").read_bytes())


def _own_key(bases: Bases, name: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key((bases.folder / f"{name}.key.pem").read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def our_signer(name: str) -> Signer:
    """Another key of our own PKI, misused."""
    return lambda bases: SimpleSigner(
        signing_cert=certificate(bases.folder / f"{name}.pem"),
        signing_key=private_key(bases.folder / f"{name}.key.pem"),
        cert_registry=store(certificate(bases.folder / "intermediate.pem")),
    )


def names_of_ours(bases: Bases) -> SimpleSigner:
    return stranger(names_of=_own(bases, "stamp"))


def names_and_chain_of_ours(bases: Bases) -> SimpleSigner:
    """Our names, Mallory's key, and our real intermediate certificate carried along."""
    signer = stranger(names_of=_own(bases, "stamp"))
    signer.cert_registry.register(certificate(bases.folder / "intermediate.pem"))
    return signer


def own_certificate_of_ours(bases: Bases) -> SimpleSigner:
    """Our real certificate, Mallory's key: the signature can't verify."""
    signer = stranger()
    return SimpleSigner(
        signing_cert=certificate(bases.folder / "stamp.pem"),
        signing_key=signer.signing_key,
        cert_registry=store(certificate(bases.folder / "intermediate.pem")),
    )


def whole_chain_made_again(bases: Bases) -> SimpleSigner:
    return bases.other_stamper.signer()


def strange_authority(bases: Bases) -> SimpleSigner:
    return stranger("Meterai Elektronik 10000", issuer=self_made("Emeterai CA", authority=True))


def issued_by_our_signer(bases: Bases) -> SimpleSigner:
    """Issued by our stamping certificate, which is no authority."""
    signer = stranger("Meterai Elektronik 10000", issuer=(_own(bases, "stamp"), _own_key(bases, "stamp")))
    signer.cert_registry.register(certificate(bases.folder / "intermediate.pem"))
    return signer


def issued_too_deep(bases: Bases) -> SimpleSigner:
    """Our intermediate may have no authority below it (path length 0)."""
    below = self_made(
        "Sub CA", authority=True, issuer=(_own(bases, "intermediate"), _own_key(bases, "intermediate"))
    )
    signer = stranger("Meterai Elektronik 10000", issuer=below)
    signer.cert_registry.register(certificate(bases.folder / "intermediate.pem"))
    return signer


def leaf(
    *,
    start: timedelta,
    end: timedelta,
    purposes: list[x509.ObjectIdentifier] | None = None,
    ca: bool = False,
    signs: bool = True,
) -> Signer:
    """Issued by our own intermediate, but not valid then, or for something else."""

    def make(bases: Bases) -> SimpleSigner:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        builder = (
            x509.CertificateBuilder()
            .subject_name(_own(bases, "stamp").subject)
            .issuer_name(_own(bases, "intermediate").subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(bases.now + start)
            .not_valid_after(bases.now + end)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(_usage(signs=signs), critical=True)
        )
        if purposes:
            builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        made = builder.sign(_own_key(bases, "intermediate"), hashes.SHA256())
        return SimpleSigner(
            signing_cert=to_asn1(made),
            signing_key=_as_asn1(key),
            cert_registry=store(certificate(bases.folder / "intermediate.pem")),
        )

    return make


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs,
        content_commitment=signs,
        key_encipherment=not signs,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _as_asn1(key: rsa.RSAPrivateKey) -> asn1_keys.PrivateKeyInfo:
    form = serialization.PrivateFormat.PKCS8
    raw = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    return asn1_keys.PrivateKeyInfo.load(pem.unarmor(raw)[2])


DAY = timedelta(days=1)
CERTIFICATES: dict[str, Maker] = {
    "self-signed": signed_by(lambda _: stranger("Meterai Elektronik 10000 G1")),
    "self-signed under our names": signed_by(names_of_ours),
    "our names over our real intermediate": signed_by(names_and_chain_of_ours),
    "whole chain made again under our names": signed_by(whole_chain_made_again),
    "somebody else's authority": signed_by(strange_authority),
    "issued by our signer": signed_by(issued_by_our_signer),
    "issued by an authority too deep": signed_by(issued_too_deep),
    "our time-stamp authority": signed_by(our_signer("tsa")),
    "our intermediate authority": signed_by(our_signer("intermediate")),
    "our root": signed_by(our_signer("root")),
    "expired before stamping": signed_by(leaf(start=-9 * DAY, end=-2 * DAY)),
    "not valid yet": signed_by(leaf(start=DAY, end=9 * DAY)),
    "meant for web servers": signed_by(leaf(start=-DAY, end=DAY, purposes=[ExtendedKeyUsageOID.SERVER_AUTH])),
    "meant for answers about revocation": signed_by(
        leaf(start=-DAY, end=DAY, purposes=[ExtendedKeyUsageOID.OCSP_SIGNING])
    ),
    "meant for nothing of the kind": signed_by(leaf(start=-DAY, end=DAY, signs=False)),
    "an authority that stamps": signed_by(leaf(start=-DAY, end=DAY, ca=True)),
}
WRONG_KEY: dict[str, Maker] = {"our certificate, another key": signed_by(own_certificate_of_ours)}


def timed(at: timedelta) -> Maker:
    return lambda bases, _: bases.signed(letter(SUM), time_stamper=bases.time_stamper(bases.now + at))


def strange_time(bases: Bases, _: bytes) -> bytes:
    return bases.signed(letter(SUM), time_stamper=bases.other_stamper.time_stamper(bases.stamped_at))


def time_by_our_signer(bases: Bases, _: bytes) -> bytes:
    """A token made with the stamping key, which is no time-stamp authority."""
    return bases.signed(letter(SUM), time_stamper=_stamper(bases, "stamp", bases.stamped_at))


def _stamper(bases: Bases, name: str, at: datetime) -> DummyTimeStamper:
    return DummyTimeStamper(
        tsa_cert=certificate(bases.folder / f"{name}.pem"),
        tsa_key=private_key(bases.folder / f"{name}.key.pem"),
        certs_to_embed=store(certificate(bases.folder / "intermediate.pem")),
        fixed_dt=at,
        include_nonce=False,
    )


def no_time(bases: Bases, _: bytes) -> bytes:
    return bases.signed(letter(SUM), time_stamper=None)


def time_taken_out(_: Bases, data: bytes) -> bytes:
    def take_out(content: cms.ContentInfo) -> bytes:
        del content["content"]["signer_infos"][0]["unsigned_attrs"]
        return bytes(content.dump())

    return replace_cms(data, take_out)


def time_of_another(bases: Bases, data: bytes) -> bytes:
    """The token of another genuine stamp."""
    other = bases.signed(letter("Lain"))
    _zero, start, end, _rest = byte_range(other)
    attributes = cms.ContentInfo.load(bytes.fromhex(other[start + 1 : end - 1].decode()))["content"][
        "signer_infos"
    ][0]["unsigned_attrs"]

    def swap(content: cms.ContentInfo) -> bytes:
        content["content"]["signer_infos"][0]["unsigned_attrs"] = attributes.copy()
        return bytes(content.dump())

    return replace_cms(data, swap)


TIMES: dict[str, Maker] = {
    "a year ahead": timed(timedelta(days=365)),
    "two days ahead": timed(timedelta(days=2)),
    "after the certificate's end": timed(timedelta(days=6 * 365)),
    "before the certificate's beginning": timed(timedelta(days=-400)),
    "from a stranger": strange_time,
    "made with the stamping key": time_by_our_signer,
    "none": no_time,
}
TOKENS: dict[str, Maker] = {"taken out": time_taken_out, "of another stamp": time_of_another}


def named(reason: str, name: str = f"Emet{SERIAL}") -> Maker:
    """With our own key, which never signs such a thing."""
    return lambda bases, _: bases.signed(letter(SUM), reason=reason, name=name)


SERIALS: dict[str, Maker] = {
    "nowhere": named("Bea meterai", "Signature1"),
    "in the field's name alone": named("Bea meterai"),
    "in the reason alone": named(f"[{SERIAL}] Bea meterai", "Signature1"),
    "two that differ": named(f"[{SECOND}] Bea meterai"),
    "two in the reason": named(f"[{SERIAL}][{SECOND}] Bea meterai"),
    "a wrong check digit": named("[AAAAAAAAAAAAAAAAAAAAAA] x", "EmetAAAAAAAAAAAAAAAAAAAAAA"),
    "in small letters": named(f"[{SERIAL.lower()}] x", f"Emet{SERIAL.lower()}"),
    "not at the beginning": named(f"x [{SERIAL}] x"),
    "behind a space": named(f" [{SERIAL}] x"),
    "without brackets": named(f"{SERIAL} x"),
    "in wide letters": named("[" + "".join(chr(ord(c) + 0xFEE0) for c in SERIAL) + "] x"),
    "written backwards": named(f"\u202e[{SERIAL[::-1]}] x"),
    "with a space inside": named(f"[{SERIAL[:11]} {SERIAL[11:]}] x"),
    "too long": named(f"[{SERIAL}A] x", f"Emet{SERIAL}A"),
}

ATTACKS: list[Attack] = [
    *attacks("certificate", CERTIFICATES, on=("approval",), shows=passes_naively),
    *attacks("certificate", WRONG_KEY, on=("approval",), shows=opens),
    *attacks("time stamp", TIMES, on=("approval",), shows=passes_naively),
    *attacks("time stamp", TOKENS, on=("final",), shows=passes_naively),
    *attacks("serial", SERIALS, on=("approval",), shows=passes_naively),
]
