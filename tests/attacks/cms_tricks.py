"""The signature structure itself (RFC 5652): what no signature covers, and what covers something else.

Mallory has no key of ours. She may combine parts of genuine files. What she signs, she signs with her own
key.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from asn1crypto import algos, cms, core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.attacks.bases import Bases
from tests.attacks.evidence import opens
from tests.attacks.suite import Attack, Maker, attacks
from tests.verification.making import SECOND, byte_range, replace_cms, self_made, to_asn1

Changes = dict[str, core.Asn1Value | None]
Edit = Callable[[Bases, cms.ContentInfo], bytes]
_DATA = "1.2.840.113549.1.7.1"
_SHA256 = "2.16.840.1.101.3.4.2.1"
_SHA256_RSA = "1.2.840.113549.1.1.11"
_IN_SIGNER = 4
"""Two certificates name the mechanism twice each; then comes the signer's."""


def edited(change: Edit) -> Maker:
    """The file with its last signature structure changed, every signed byte kept."""

    def make(bases: Bases, data: bytes) -> bytes:
        made = replace_cms(data, lambda content: change(bases, content))
        assert len(made) == len(data), "no room for it"
        return made

    return make


def dump(content: cms.ContentInfo) -> bytes:
    return bytes(content.dump())


def signer_of(content: cms.ContentInfo) -> cms.SignerInfo:
    return content["content"]["signer_infos"][0]


def in_signer(change: Callable[[Bases, cms.SignerInfo], None]) -> Maker:
    def edit(bases: Bases, content: cms.ContentInfo) -> bytes:
        change(bases, signer_of(content))
        return dump(content)

    return edited(edit)


def attribute(kind: str, value: core.Asn1Value) -> cms.CMSAttribute:
    return cms.CMSAttribute({"type": kind, "values": [value]})


def second_signer(bases: Bases, content: cms.ContentInfo) -> bytes:
    """Mallory's SignerInfo beside ours."""
    signers = content["content"]["signer_infos"]
    signers.append(_resigned(bases, content, {}))
    return dump(content)


def second_signer_first(bases: Bases, content: cms.ContentInfo) -> bytes:
    signers = content["content"]["signer_infos"]
    content["content"]["signer_infos"] = cms.SignerInfos([_resigned(bases, content, {}), signers[0]])
    return dump(content)


def no_signer(_: Bases, content: cms.ContentInfo) -> bytes:
    content["content"]["signer_infos"] = cms.SignerInfos([])
    return dump(content)


def no_certificates(_: Bases, content: cms.ContentInfo) -> bytes:
    del content["content"]["certificates"]
    return dump(content)


def further_certificate(_: Bases, content: cms.ContentInfo) -> bytes:
    extra, _key = self_made("Mallory")
    content["content"]["certificates"].append(cms.CertificateChoices("certificate", to_asn1(extra)))
    return dump(content)


def own_certificate_first(_: Bases, content: cms.ContentInfo) -> bytes:
    extra, _key = self_made("Mallory")
    choices = [cms.CertificateChoices("certificate", to_asn1(extra)), *content["content"]["certificates"]]
    content["content"]["certificates"] = cms.CertificateSet(choices)
    return dump(content)


def certificates_in_other_order(_: Bases, content: cms.ContentInfo) -> bytes:
    """Set by set the same, byte by byte not."""
    raw, choices = bytes(content.dump()), [c.dump() for c in content["content"]["certificates"]]
    return raw.replace(b"".join(choices), b"".join(choices[::-1]))


def encapsulated(bases: Bases, content: cms.ContentInfo) -> bytes:
    """Content inside, so that a verifier checks that instead of the file."""
    content["content"]["encap_content_info"] = cms.ContentInfo(
        {"content_type": "data", "content": core.OctetString(b"Rp99.000.000")}
    )
    return dump(content)


def type_without_content(_: Bases, content: cms.ContentInfo) -> bytes:
    content["content"]["encap_content_info"] = cms.ContentInfo({"content_type": "tst_info"})
    return dump(content)


def token_as_signature(_: Bases, content: cms.ContentInfo) -> bytes:
    """The genuine time-stamp token in the place of the signature."""
    attribute = signer_of(content)["unsigned_attrs"][0]
    return bytes(attribute["values"][0].dump())


def attributes_in_other_order(_: Bases, signer: cms.SignerInfo) -> None:
    """The same attributes, not in the order that DER gives a set."""
    backwards = b"".join(item.dump() for item in list(signer["signed_attrs"])[::-1])
    signer["signed_attrs"] = cms.CMSAttributes(contents=backwards)


def attributes_gone(_: Bases, signer: cms.SignerInfo) -> None:
    """Without signed attributes the signature would be over the content itself (RFC 8933)."""
    del signer["signed_attrs"]


def digest_of_attributes(_: Bases, content: cms.ContentInfo) -> bytes:
    """The signed attributes become the content: the other half of RFC 8933's confusion."""
    signer = signer_of(content)
    attributes = signer["signed_attrs"].untag().dump()
    del signer["signed_attrs"]
    content["content"]["encap_content_info"] = cms.ContentInfo(
        {"content_type": "data", "content": attributes}
    )
    return dump(content)


def algorithm(old: str, new: str, number: int) -> Maker:
    """The `number`th mention of an algorithm's identifier exchanged for one of the same length."""

    def edit(_: Bases, content: cms.ContentInfo) -> bytes:
        raw, before = bytes(content.dump()), core.ObjectIdentifier(old).dump()
        places = [found.start() for found in re.finditer(re.escape(before), raw)]
        place = places[number]
        return raw[:place] + core.ObjectIdentifier(new).dump() + raw[place + len(before) :]

    return edited(edit)


def signature_of_zeros(_: Bases, signer: cms.SignerInfo) -> None:
    signer["signature"] = bytes(len(signer["signature"].native))


def signature_empty(_: Bases, signer: cms.SignerInfo) -> None:
    signer["signature"] = b""


def elliptic(_: Bases, signer: cms.SignerInfo) -> None:
    """The key is an RSA key all the same, and a verifier may go by that."""
    signer["signature_algorithm"] = algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"})


def version_3(_: Bases, signer: cms.SignerInfo) -> None:
    signer["version"] = "v3"


def further_unsigned_attribute(_: Bases, signer: cms.SignerInfo) -> None:
    """A serial number, or anything else, that stands only where no signature reaches."""
    signer["unsigned_attrs"].append(attribute("1.2.3.4", core.UTF8String(SECOND)))


def counter_signature(bases: Bases, signer: cms.SignerInfo) -> None:
    signer["unsigned_attrs"].append(attribute("1.2.840.113549.1.9.6", signer.copy()))


def second_token(_: Bases, signer: cms.SignerInfo) -> None:
    token = signer["unsigned_attrs"][0]
    signer["unsigned_attrs"] = cms.CMSAttributes(
        [attribute(token["type"].native, token["values"][0]) for _number in range(2)]
    )


def _mallory(bases: Bases) -> tuple[asn1_x509.Certificate, rsa.RSAPrivateKey]:
    own = x509.load_pem_x509_certificate((bases.folder / "stamp.pem").read_bytes())
    made, key = self_made("", names_of=own)
    return to_asn1(made), key


def _resigned(
    bases: Bases, content: cms.ContentInfo, changes: Changes, digest: str = "sha256"
) -> cms.SignerInfo:
    """The signer info with changed attributes, signed with Mallory's key under our signer's names."""
    certificate, key = _mallory(bases)
    return sign(content, certificate, key, changes, digest)


def sign(
    content: cms.ContentInfo,
    certificate: asn1_x509.Certificate,
    key: rsa.RSAPrivateKey,
    changes: Changes,
    digest: str = "sha256",
) -> cms.SignerInfo:
    signer = signer_of(content).copy()
    kept = [a for a in signer["signed_attrs"] if a["type"].native not in changes]
    added = [attribute(kind, value) for kind, value in changes.items() if value is not None]
    attributes = cms.CMSAttributes([*kept, *added])
    signer["sid"] = cms.SignerIdentifier(
        "issuer_and_serial_number",
        cms.IssuerAndSerialNumber({"issuer": certificate.issuer, "serial_number": certificate.serial_number}),
    )
    signer["signed_attrs"] = attributes
    signer["digest_algorithm"] = algos.DigestAlgorithm({"algorithm": digest})
    signer["signature_algorithm"] = algos.SignedDigestAlgorithm({"algorithm": f"{digest}_rsa"})
    made = {"sha256": hashes.SHA256(), "sha1": hashes.SHA1(), "md5": hashes.MD5()}[digest]
    signer["signature"] = key.sign(attributes.dump(), padding.PKCS1v15(), made)
    return signer


def hidden_in_the_padding(_: Bases, data: bytes) -> bytes:
    _zero, _start, end, _rest = byte_range(data)
    return data[: end - 9] + b"c0ffee11" + data[end - 1 :]


def structure_in_the_padding(_: Bases, data: bytes) -> bytes:
    """A second, whole structure behind the first."""
    _zero, start, end, _rest = byte_range(data)
    length = 2 * len(cms.ContentInfo.load(bytes.fromhex(data[start + 1 : end - 1].decode())).dump())
    small = (
        cms.ContentInfo({"content_type": "data", "content": core.OctetString(b"Rp99")}).dump().hex().encode()
    )
    place = start + 1 + length
    return data[:place] + small + data[place + len(small) :]


def _digits(change: Callable[[bytes], bytes]) -> Maker:
    """The gap's text changed, its length kept."""

    def make(_: Bases, data: bytes) -> bytes:
        _zero, start, end, _rest = byte_range(data)
        made = change(data[start:end])
        assert len(made) == end - start
        return data[:start] + made + data[end:]

    return make


def in_round_brackets(_: Bases, data: bytes) -> bytes:
    """The same bytes as a literal string: half as long, which leaves thousands of bytes free."""
    _zero, start, end, _rest = byte_range(data)
    raw = cms.ContentInfo.load(bytes.fromhex(data[start + 1 : end - 1].decode())).dump()
    text = re.sub(rb"([()\\\r])", lambda found: b"\\" + (b"r" if found[0] == b"\r" else found[0]), raw)
    free = b" /Rp99000000 /Gratis "
    return data[:start] + (b"(" + text + b")" + free).ljust(end - start) + data[end:]


def not_shortest_length(_: Bases, content: cms.ContentInfo) -> bytes:
    """BER instead of DER: a length with a leading zero byte."""
    raw = bytes(content.dump())
    return raw[:1] + b"\x83\x00" + raw[2:] if raw[1] == 0x82 else raw


def indefinite_length(_: Bases, content: cms.ContentInfo) -> bytes:
    raw = bytes(content.dump())
    return b"\x30\x80" + raw[4:] + b"\x00\x00"


ADDED: dict[str, Maker] = {
    "one more signer": edited(second_signer),
    "one more signer in front": edited(second_signer_first),
    "one more certificate": edited(further_certificate),
    "one more certificate in front": edited(own_certificate_first),
    "counter signature": in_signer(counter_signature),
    "two time stamps": in_signer(second_token),
}
FREE: dict[str, Maker] = {
    "no signer": edited(no_signer),
    "no certificates": edited(no_certificates),
    "certificates in another order": edited(certificates_in_other_order),
    "content inside": edited(encapsulated),
    "type of a time stamp": edited(type_without_content),
    "time stamp instead of the signature": edited(token_as_signature),
    "attributes in another order": in_signer(attributes_in_other_order),
    "no signed attributes": in_signer(attributes_gone),
    "signed attributes as content": edited(digest_of_attributes),
    "digest SHA-512": algorithm(_SHA256, "2.16.840.1.101.3.4.2.3", 1),
    "digest SHA-384 in the list": algorithm(_SHA256, "2.16.840.1.101.3.4.2.2", 0),
    "digest MD5-like in the signer": algorithm(_SHA256, "2.16.840.1.101.3.4.2.4", 1),
    "mechanism RSA without digest": algorithm(_SHA256_RSA, "1.2.840.113549.1.1.1", _IN_SIGNER),
    "mechanism with SHA-512": algorithm(_SHA256_RSA, "1.2.840.113549.1.1.13", _IN_SIGNER),
    "mechanism SHA-1": algorithm(_SHA256_RSA, "1.2.840.113549.1.1.5", _IN_SIGNER),
    "mechanism PSS": algorithm(_SHA256_RSA, "1.2.840.113549.1.1.10", _IN_SIGNER),
    "mechanism ECDSA": in_signer(elliptic),
    "content type signed data": algorithm(_DATA, "1.2.840.113549.1.7.2", 0),
    "content type exchanged in the attribute": algorithm(_DATA, "1.2.840.113549.1.7.5", 1),
    "signature of zeros": in_signer(signature_of_zeros),
    "signature empty": in_signer(signature_empty),
    "another version": in_signer(version_3),
    "one more unsigned attribute": in_signer(further_unsigned_attribute),
    "bytes in the padding": hidden_in_the_padding,
    "structure in the padding": structure_in_the_padding,
    "some digits in the other case": _digits(lambda gap: gap[:900] + gap[900:].swapcase()),
    "a space between the digits": _digits(lambda gap: gap[:101] + b" " + gap[101:-2] + b">"),
    "a line end between the digits": _digits(lambda gap: gap[:-3] + b"\n0>"),
    "an odd number of digits": _digits(lambda gap: gap[:-2] + b"> "),
    "shorter digits and free space": _digits(lambda gap: gap[:-101] + b">" + b" " * 100),
    "a comment behind the digits": _digits(lambda gap: gap[:-101] + b">%" + b"x" * 98 + b"\n"),
    "an entry behind the digits": _digits(lambda gap: gap[:-101] + b">" + b" /Mallory (x)".ljust(100)),
    "in round brackets": in_round_brackets,
    "length not the shortest": edited(not_shortest_length),
    "indefinite length": edited(indefinite_length),
}
ATTACKS: list[Attack] = [
    *attacks("cms", ADDED, on=("roomy",), shows=opens),
    *attacks("cms", FREE, on=("final",), shows=opens),
]
