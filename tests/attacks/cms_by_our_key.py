"""Signature structures that our own key signed wrongly: the verifier must not rest on the signer's care."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.attacks.bases import Bases
from tests.attacks.cms_tricks import Changes, attribute, dump, edited, sign, signer_of
from tests.attacks.evidence import opens
from tests.attacks.suite import Attack, Maker, attacks


def by_our_key(changes: Callable[[cms.ContentInfo], Changes], digest: str = "sha256") -> Maker:
    """Signed by our own key, wrongly: the verifier must not rest on the signer's care."""

    def edit(bases: Bases, content: cms.ContentInfo) -> bytes:
        key = serialization.load_pem_private_key((bases.folder / "stamp.key.pem").read_bytes(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        own = asn1_x509.Certificate.load(_pem(bases, "stamp"))
        signer = sign(content, own, key, changes(content), digest)
        signer["unsigned_attrs"] = _stamped(bases, signer["signature"].native)
        content["content"]["signer_infos"] = cms.SignerInfos([signer])
        content["content"]["digest_algorithms"] = cms.DigestAlgorithms(
            [algos.DigestAlgorithm({"algorithm": digest})]
        )
        return dump(content)

    return edited(edit)


def _pem(bases: Bases, name: str) -> bytes:
    certificate = x509.load_pem_x509_certificate((bases.folder / f"{name}.pem").read_bytes())
    return certificate.public_bytes(serialization.Encoding.DER)


def _stamped(bases: Bases, signature: bytes) -> cms.CMSAttributes:
    token = _token(bases, signature)
    return cms.CMSAttributes([attribute("signature_time_stamp_token", token)])


def _token(bases: Bases, dated: bytes, **options: object) -> cms.ContentInfo:
    stamper = bases.time_stamper()
    request = tsp.TimeStampReq(
        {
            "version": 1,
            "message_imprint": tsp.MessageImprint(
                {
                    "hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
                    "hashed_message": hashlib.sha256(dated).digest(),
                }
            ),
            "cert_req": True,
        }
    )
    return stamper.request_tsa_response(request)["time_stamp_token"]


def _message_digest(value: bytes) -> Changes:
    return {"message_digest": core.OctetString(value)}


def _without_certificate(content: cms.ContentInfo) -> Changes:
    names = [a["type"].native for a in signer_of(content)["signed_attrs"]]
    return {name: None for name in names if name.startswith("signing_certificate")}


def _old_certificate_digest(content: cms.ContentInfo) -> Changes:
    """SHA-1 over the certificate (RFC 2634), as before 2007."""
    own = next(
        c.chosen
        for c in content["content"]["certificates"]
        if c.chosen.serial_number == signer_of(content)["sid"].chosen["serial_number"].native
    )
    value = tsp.SigningCertificate(
        {"certs": [tsp.ESSCertID({"cert_hash": hashlib.sha1(own.dump()).digest()})]}
    )
    return {**_without_certificate(content), "signing_certificate": value}


def _other_certificate_digest(content: cms.ContentInfo) -> Changes:
    value = tsp.SigningCertificateV2({"certs": [tsp.ESSCertIDv2({"cert_hash": b"\x11" * 32})]})
    return {**_without_certificate(content), "signing_certificate_v2": value}


OUR_KEY: dict[str, Maker] = {
    "digest of other content": by_our_key(lambda _: _message_digest(b"\x22" * 32)),
    "no digest": by_our_key(lambda _: {"message_digest": None}),
    "type of a time stamp, signed": by_our_key(lambda _: {"content_type": cms.ContentType("tst_info")}),
    "no type": by_our_key(lambda _: {"content_type": None}),
    "signer not named": by_our_key(_without_certificate),
    "signer named by SHA-1": by_our_key(_old_certificate_digest),
    "another signer named": by_our_key(_other_certificate_digest),
    "SHA-1 throughout": by_our_key(lambda _: _message_digest(b"\x22" * 20), "sha1"),
    "MD5 throughout": by_our_key(lambda _: _message_digest(b"\x22" * 16), "md5"),
}

ATTACKS: list[Attack] = attacks("cms", OUR_KEY, on=("approval",), shows=opens)
