"""Makes the certificate request (PKCS #10, RFC 2986) of a key in a token, before the key is registered."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pkcs11
from asn1crypto import algos, csr, keys, x509
from asn1crypto.pem import armor
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.util.ec import encode_ec_public_key
from pkcs11.util.rsa import encode_rsa_public_key

from meterai.stamping.keys.signing_keys import TokenPlace
from meterai.stamping.signer.private_keys.pkcs11_key import SHA256_DIGEST_INFO, ecdsa_as_der
from meterai.stamping.signer.private_keys.pkcs11_module import Module, PinRefused, ReadPin


def make_request(module: Path, place: TokenPlace, read_pin: ReadPin, subject: dict[str, str]) -> bytes:
    """Returns the request in PEM, signed by the key itself. `subject`: such as country_name, common_name.

    Raises: ValueError, in words, when there is no such token, the token refuses the PIN, or it holds no such
    key pair or several; OSError for a module that can't be loaded.
    """
    try:
        return _make_request(module, place, read_pin, subject)
    except PinRefused as refused:
        raise ValueError(
            f"token {place.token} refuses the PIN ({refused}); repeated, that locks it"
        ) from None
    except pkcs11.PKCS11Error as error:
        raise ValueError(f"token {place.token} can't be used: {type(error).__name__}") from None


def _make_request(module: Path, place: TokenPlace, read_pin: ReadPin, subject: dict[str, str]) -> bytes:
    loaded = Module.at(module)
    with loaded.in_use(), loaded.open_session(place.token, read_pin) as session:
        private, public = (
            _only(session, place, kind) for kind in (ObjectClass.PRIVATE_KEY, ObjectClass.PUBLIC_KEY)
        )
        rsa = private[Attribute.KEY_TYPE] == KeyType.RSA
        encoded = keys.PublicKeyInfo.load(_public_key_info(public, rsa=rsa))
        info = csr.CertificationRequestInfo(
            {
                "version": "v1",
                "subject": x509.Name.build(subject),
                "subject_pk_info": encoded,
                "attributes": [],
            }
        )
        digest = hashlib.sha256(info.dump()).digest()
        if rsa:
            signature = private.sign(SHA256_DIGEST_INFO + digest, mechanism=Mechanism.RSA_PKCS)
        else:
            signature = ecdsa_as_der(private.sign(digest, mechanism=Mechanism.ECDSA))
    request = csr.CertificationRequest(
        {
            "certification_request_info": info,
            "signature_algorithm": algos.SignedDigestAlgorithm(
                {"algorithm": "sha256_rsa" if rsa else "sha256_ecdsa"}
            ),
            "signature": signature,
        }
    )
    return bytes(armor("CERTIFICATE REQUEST", request.dump()))


def _only(session: pkcs11.Session, place: TokenPlace, kind: ObjectClass) -> Any:
    try:
        return session.get_key(object_class=kind, label=place.label, id=place.id)
    except pkcs11.NoSuchKey:
        raise ValueError(f"token {place.token} holds no such {kind.name.lower()}") from None
    except pkcs11.MultipleObjectsReturned:
        raise ValueError(f"token {place.token} holds several such keys: name it by id") from None


def _public_key_info(public: Any, *, rsa: bool) -> bytes:
    if not rsa:
        return bytes(encode_ec_public_key(public))
    key = keys.RSAPublicKey.load(encode_rsa_public_key(public))
    return bytes(keys.PublicKeyInfo.wrap(key, "rsa").dump())
