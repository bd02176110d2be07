"""Checks signatures of other people as far as they can be checked. Runs in the jail.

There are three answers, because not checked is not broken: intact, broken, and can't be checked. What can't
be checked has no certificate inside, or uses an algorithm or a form that this program does not know. A digest
over other bytes is always broken. Trust in the certificate is not examined.

Forms: ISO 32000-2, 12.8.3.2 (`adbe.x509.rsa_sha1`), 12.8.3.3 (`adbe.pkcs7.*`), 12.8.3.4 (CAdES), 12.8.5
(document time stamps).
"""

# mypy: disallow-untyped-calls=False
# pyHanko types only part of its own functions.

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime
from typing import Any

from asn1crypto import core
from asn1crypto import x509 as asn1_x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pyhanko.pdf_utils import generic
from pyhanko.sign.general import CMSExtractionError, extract_certificate_info
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import (  # type: ignore[attr-defined]
    DefaultSignatureValidator,
    SignatureValidationContext,
    validate_sig_integrity,
)
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

_IN_CMS = frozenset(
    {"/adbe.pkcs7.detached", "/adbe.pkcs7.sha1", "/ETSI.CAdES.detached", "/ETSI.RFC3161"}
)  # fmt: skip
"""Subfilters whose content is a CMS structure. What can't be read as such is damaged."""
_RAW = "/adbe.x509.rsa_sha1"
_SHA1_INSIDE = "/adbe.pkcs7.sha1"
_DIGEST_OF = {
    "1.2.840.113549.1.1.4": "md5",
    "1.2.840.113549.1.1.5": "sha1",
    "1.2.840.113549.1.1.11": "sha256",
    "1.2.840.113549.1.1.12": "sha384",
    "1.2.840.113549.1.1.13": "sha512",
    "1.2.840.10045.4.1": "sha1",
    "1.2.840.10045.4.3.2": "sha256",
    "1.2.840.10045.4.3.3": "sha384",
    "1.2.840.10045.4.3.4": "sha512",
}
"""Some programs name a signature algorithm where the name of its digest belongs."""
_SHA3: dict[str, tuple[type[Any], hashes.HashAlgorithm]] = {
    "2.16.840.1.101.3.4.3.9": (ec.EllipticCurvePublicKey, hashes.SHA3_224()),
    "2.16.840.1.101.3.4.3.10": (ec.EllipticCurvePublicKey, hashes.SHA3_256()),
    "2.16.840.1.101.3.4.3.11": (ec.EllipticCurvePublicKey, hashes.SHA3_384()),
    "2.16.840.1.101.3.4.3.12": (ec.EllipticCurvePublicKey, hashes.SHA3_512()),
    "2.16.840.1.101.3.4.3.13": (rsa.RSAPublicKey, hashes.SHA3_224()),
    "2.16.840.1.101.3.4.3.14": (rsa.RSAPublicKey, hashes.SHA3_256()),
    "2.16.840.1.101.3.4.3.15": (rsa.RSAPublicKey, hashes.SHA3_384()),
    "2.16.840.1.101.3.4.3.16": (rsa.RSAPublicKey, hashes.SHA3_512()),
}
"""Signature algorithms with SHA-3 by their identifiers (RFC 8702, NIST CSOR), which pyHanko does not know."""


class StrangeSignature(EmbeddedPdfSignature):
    """A signature of anybody. Its digest may have an unknown algorithm, and its content may be no CMS.

    Raises: whatever pyHanko raises on a structure that it cannot read.
    """

    def __init__(self, reader: Any, field: Any, name: str) -> None:
        try:
            super().__init__(reader, field, name)
        except (ValueError, KeyError, TypeError):
            content = getattr(self, "pkcs7_content", b"")
            if self._subfilter() in _IN_CMS or not any(content):
                raise  # damaged, or a place that nobody has signed yet
            self._init_without_cms(name)
        if self.signed_data is not None:
            self._name_digests()

    def _subfilter(self) -> str:
        return str(self.sig_object.get("/SubFilter", "/adbe.pkcs7.detached"))

    def _init_without_cms(self, name: str) -> None:
        """What pyHanko's own constructor does after it has read the CMS."""
        self.signed_data: Any = None
        self.signer_info: Any = None
        self._sd_cert_info = None
        self.md_algorithm = self.external_md_algorithm = "sha1" if self._subfilter() == _RAW else ""
        self.signed_revision = self.reader.xrefs.get_last_change(self.sig_field.raw_get("/V").reference)
        self.coverage = self.diff_result = self.tst_signature_digest = None
        self.external_digests = {}
        self._docmdp = self._fieldmdp = None
        self._docmdp_queried = self._fieldmdp_queried = self._integrity_checked = False
        self.fq_name = name

    def _name_digests(self) -> None:
        self.md_algorithm = _DIGEST_OF.get(self.md_algorithm, self.md_algorithm)
        if self.content_type != "tst_info":
            self.external_md_algorithm = "sha1" if self._subfilter() == _SHA1_INSIDE else self.md_algorithm

    @property
    def content_type(self) -> str:
        """The type of what the CMS signs; empty without a CMS."""
        if self.signed_data is None:
            return ""
        return str(self.signed_data["encap_content_info"]["content_type"].native)

    def compute_digest(self, hash_algo: str | None = None) -> bytes:
        """Digest over the byte range; empty if its algorithm is unknown."""
        try:
            return bytes(super().compute_digest(hash_algo))
        except (MemoryError, RecursionError):
            raise
        except Exception:  # libraries raise nearly anything for algorithms that they do not know
            return b""

    @property
    def self_reported_timestamp(self) -> datetime | None:
        """The time that the signature states. Raises: PdfReadError, ValueError if nobody can read it."""
        if self.signed_data is not None:
            return super().self_reported_timestamp
        stated = self.sig_object.get("/M")
        return None if stated is None else generic.parse_pdf_date(str(stated), strict=True)

    def certificates(self) -> tuple[bytes, ...]:
        """The certificates inside, DER, the signer's first; empty if that one is missing."""
        if self.signed_data is None:
            return self._plain_certificates()
        try:
            found = extract_certificate_info(self.signed_data)
        except CMSExtractionError:
            return ()
        return tuple(item.dump() for item in (found.signer_cert, *found.other_certs))

    def _plain_certificates(self) -> tuple[bytes, ...]:
        """The value of /Cert (ISO 32000-2, table 255): a string, or a list of strings."""
        stated = self.sig_object.get("/Cert")
        items = list(list.__iter__(stated)) if isinstance(stated, generic.ArrayObject) else [stated]
        texts = (item.get_object() for item in items if item is not None)
        return tuple(item.original_bytes for item in texts if hasattr(item, "original_bytes"))

    def is_intact(self) -> bool | None:
        """True: what was signed. False: changed since, or signed by no key. None: we can't check it."""
        digest = self.compute_digest()
        if not digest:
            return None
        try:
            return self._raw_is_intact(digest) if self.signed_data is None else self._cms_is_intact(digest)
        except (MemoryError, RecursionError):
            raise
        except Exception:  # see `compute_digest`; the digest itself was compared before
            return None

    def _raw_is_intact(self, digest: bytes) -> bool | None:
        """Checks PKCS #1 over SHA-1 by the first certificate (12.8.3.2)."""
        certificates = self._plain_certificates()
        if self._subfilter() != _RAW or not certificates:
            return None
        key = load_der_public_key(asn1_x509.Certificate.load(certificates[0]).public_key.dump())
        if not isinstance(key, rsa.RSAPublicKey):
            return None
        value = core.OctetString.load(self.pkcs7_content).native
        try:
            key.verify(value, digest, padding.PKCS1v15(), utils.Prehashed(hashes.SHA1()))  # noqa: S303
        except InvalidSignature:
            return False
        return True

    def _cms_is_intact(self, digest: bytes) -> bool | None:
        """Compares the digest first: nothing else about the signature excuses a wrong one."""
        signed = self._signed_digest(digest)
        if signed is None or not self._states(signed):
            return False
        certificates = self.certificates()
        if not certificates:
            return None
        try:
            intact, valid = validate_sig_integrity(
                self.signer_info,
                asn1_x509.Certificate.load(certificates[0]),
                expected_content_type=self.content_type,
                actual_digest=signed,
                sig_validator=_Validator(),
            )
        except SignatureValidationError:
            return False  # it contradicts itself: another certificate, algorithm or type than it names
        return bool(intact and valid)

    def _signed_digest(self, digest: bytes) -> bytes | None:
        """Digest of what the CMS signs. None if its content is about other bytes.

        A time stamp and `adbe.pkcs7.sha1` hold the digest of the file in their content.
        """
        content = self.signed_data["encap_content_info"]["content"]
        if self.content_type == "tst_info":
            held = content.parsed["message_imprint"]["hashed_message"].native
        elif self._subfilter() == _SHA1_INSIDE:
            held = content.native
        else:
            return digest
        return hashlib.new(self.md_algorithm, bytes(content)).digest() if held == digest else None

    def _states(self, digest: bytes) -> bool:
        """Whether the signed attributes, if there are any, state this digest."""
        attributes = self.signer_info["signed_attrs"]
        if isinstance(attributes, core.Void):
            return True
        stated = [a["values"] for a in attributes if a["type"].native == "message_digest"]
        return all(value.native == digest for values in stated for value in values)


_NO_CONTEXT = SignatureValidationContext()


class _Validator(DefaultSignatureValidator):
    """pyHanko's own check, with SHA-3 and with the digests that programs misname."""

    def validate_signature(
        self,
        signature: bytes,
        signed_data: bytes,
        public_key_info: Any,
        signature_algorithm: Any,
        context: SignatureValidationContext = _NO_CONTEXT,
    ) -> None:
        """Raises: InvalidSignature; anything else for an algorithm that is not known."""
        known = _SHA3.get(signature_algorithm["algorithm"].dotted)
        if known is None:
            named = context.contextual_md_algorithm or ""
            context = replace(context, contextual_md_algorithm=_DIGEST_OF.get(named, named))
            try:
                super().validate_signature(
                    signature, signed_data, public_key_info, signature_algorithm, context
                )
            except InvalidSignature as error:
                if type(error) is not InvalidSignature:  # pyHanko's own kinds: it does not know the algorithm
                    raise NotImplementedError from error
                raise
            return
        kind, algorithm = known
        key = load_der_public_key(public_key_info.dump())
        if not isinstance(key, kind):
            raise InvalidSignature
        form: Any = utils.Prehashed(algorithm) if context.prehashed else algorithm
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed_data, padding.PKCS1v15(), form)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, signed_data, ec.ECDSA(form))
