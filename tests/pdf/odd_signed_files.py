"""Signed files that keep less strictly to the standard, and signatures of rare forms."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import lru_cache

import pikepdf
from asn1crypto import algos, cms, core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tests.attacks.raw import stream
from tests.pdf import samples
from tests.verification.making import NOW

_ROOM = 6000
_NUMBERS = b"[0 %010d %010d %010d]"
_TAIL = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*\Z")
type Sign = Callable[[bytes], bytes]
"""Makes /Contents from the bytes that are signed."""


@lru_cache
def key(kind: str) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey:
    if kind == "ec":
        return ec.generate_private_key(ec.SECP256R1())
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@lru_cache
def certificate(kind: str = "rsa") -> bytes:
    names, own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Budi Santoso")]), key(kind)
    made = (
        x509.CertificateBuilder(names, names, own.public_key(), x509.random_serial_number())
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1000))
        .sign(own, None if kind == "ed25519" else hashes.SHA256())
    )
    return made.public_bytes(Encoding.DER)


def signed_by_hand(
    data: bytes,
    sign: Sign,
    *,
    subfilter: bytes = b"adbe.pkcs7.detached",
    entries: bytes = b"",
    name: bytes = b"TandaTangan",
    early: int = 0,
    more: Mapping[int, bytes] | None = None,
    first: int = 0,
    free: Mapping[int, int] | None = None,
    page_entries: Mapping[str, bytes] | None = None,
) -> bytes:
    """Appends a field and a signature in one revision.

    `early`: how many bytes before the table `startxref` points. `first`: the number of the first new object.
    `free`: numbers that the table lists as free, with generations. `page_entries`: others than there are.
    """
    with pikepdf.open(io.BytesIO(data), inherit_page_attributes=False) as pdf:
        root, page = pdf.Root, pdf.pages[0].obj
        number = first or int(pdf.trailer.Size)
        field, value = number, number + 1
        form = root.get("/AcroForm")
        fields = list(form.Fields) if form is not None else []
        typed = b"/Type /AcroForm " if form is not None and "/Type" in form else b""
        listed = b"".join(b"%d %d R " % item.objgen for item in fields) + b"%d 0 R" % field
        kept = b" ".join(b"%s %s" % (k.encode(), _text(v)) for k, v in root.items() if k != "/AcroForm")
        notes = page.get("/Annots", [])
        annotations = b"".join(_text(item) + b" " for item in notes) + b"%d 0 R" % field
        kept_page = {k: _text(v) for k, v in page.items() if k != "/Annots"} | dict(page_entries or {})
        rest = b" ".join(b"%s %s" % (k.encode(), v) for k, v in kept_page.items())
        objects = {
            root.objgen[0]: b"<< %s /AcroForm << %s/Fields [%s] /SigFlags 3 >> >>" % (kept, typed, listed),
            page.objgen[0]: b"<< %s /Annots [%s] >>" % (rest, annotations),
            field: b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (%s) /F 132 /Rect [0 0 0 0] /V %d 0 R >>"
            % (name, value),
            value: b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /%s %s /Contents <%s> /ByteRange %s >>"
            % (subfilter, entries, b"0" * _ROOM, _NUMBERS % (0, 0, 0)),
            **(more or {}),
        }
        identity = b"/ID %s" % pdf.trailer.ID.unparse() if "/ID" in pdf.trailer else b""
        size = max(value + 1, int(pdf.trailer.Size), *(n + 1 for n in more or {0: b""}))
        size = max(size, *(n + 1 for n in free or {0: 0}))
        written = appended(
            data, objects, root=root.objgen[0], size=size, early=early, trailer=identity, free=free
        )
    return with_signature(written, sign)


def _text(value: object) -> bytes:
    if value is None:
        return b"null"
    return value.unparse() if isinstance(value, pikepdf.Object) else str(value).encode()


def appended(
    data: bytes,
    objects: Mapping[int, bytes],
    *,
    root: int,
    size: int,
    early: int = 0,
    trailer: bytes = b"",
    free: Mapping[int, int] | None = None,
) -> bytes:
    """One more revision with a plain table."""
    found = _TAIL.search(data)
    assert found is not None
    out, lines = bytearray(data.rstrip(b"\n") + b"\n"), []
    for number, body in sorted(objects.items()):
        lines.append((number, b"%010d 00000 n \n" % len(out)))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    lines += [(number, b"0000000000 %05d f \n" % generation) for number, generation in (free or {}).items()]
    out += b"\n" * early
    place = len(out)
    out += b"xref\n" + b"".join(b"%d 1\n%s" % line for line in sorted(lines))
    out += b"trailer\n<< /Size %d /Root %d 0 R /Prev %d %s >>\n" % (size, root, int(found[1]), trailer)
    return bytes(out) + b"startxref\n%d\n%%%%EOF\n" % (place - early)


def with_signature(written: bytes, sign: Sign) -> bytes:
    """The file with a signature in its last gap, which is as wide as `_ROOM`."""
    start = written.rindex(b"/Contents <") + len(b"/Contents ")
    end = start + _ROOM + 2
    numbers = _NUMBERS % (start, end, len(written) - end)
    place = written.index(_NUMBERS % (0, 0, 0), end)
    written = written[:place] + numbers + written[place + len(numbers) :]
    made = sign(written[:start] + written[end:])
    return written[:start] + b"<" + made.hex().encode().ljust(_ROOM, b"0") + b">" + written[end:]


def detached(
    *,
    digest: str = "sha256",
    algorithm: str | None = None,
    named: str | None = None,
    kind: str = "rsa",
    certified: bool = True,
    content: Callable[[bytes], bytes] | None = None,
    wrong: bool = False,
) -> Sign:
    """A CMS by Budi.

    `digest` is made by hashlib; `named` is what the CMS calls it. `algorithm`: the name of the signature's
    algorithm. `content` makes what the CMS holds. `wrong`: the digest is over other bytes.
    """

    def sign(covered: bytes) -> bytes:
        inside = content(covered) if content else None
        own = hashlib.new(digest, b"other" if wrong else covered if inside is None else inside).digest()
        attributes = cms.CMSAttributes(
            [
                cms.CMSAttribute({"type": "content_type", "values": ["data"]}),
                cms.CMSAttribute({"type": "message_digest", "values": [own]}),
            ]
        )
        signer = asn1_x509.Certificate.load(certificate(kind))
        information = cms.SignerInfo(
            {
                "version": "v1",
                "sid": cms.SignerIdentifier(
                    {
                        "issuer_and_serial_number": cms.IssuerAndSerialNumber(
                            {"issuer": signer.issuer, "serial_number": signer.serial_number}
                        )
                    }
                ),
                "digest_algorithm": algos.DigestAlgorithm({"algorithm": named or digest}),
                "signed_attrs": attributes,
                "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": algorithm or _usual(kind)}),
                "signature": _value(kind, digest, attributes.dump()),
            }
        )
        held = {"content_type": "data"} | ({} if inside is None else {"content": inside})
        return cms.ContentInfo(
            {
                "content_type": "signed_data",
                "content": cms.SignedData(
                    {
                        "version": "v1",
                        "digest_algorithms": [algos.DigestAlgorithm({"algorithm": named or digest})],
                        "encap_content_info": held,
                        "certificates": [signer] if certified else [],
                        "signer_infos": [information],
                    }
                ),
            }
        ).dump()

    return sign


def _usual(kind: str) -> str:
    return {"rsa": "rsassa_pkcs1v15", "ec": "sha256_ecdsa", "ed25519": "ed25519"}[kind]


def _value(kind: str, digest: str, signed: bytes) -> bytes:
    own = key(kind)
    if isinstance(own, ed25519.Ed25519PrivateKey):
        return own.sign(signed)
    algorithm = getattr(hashes, digest.upper())()
    if isinstance(own, ec.EllipticCurvePrivateKey):
        return own.sign(signed, ec.ECDSA(algorithm))
    return own.sign(signed, padding.PKCS1v15(), algorithm)


def raw_rsa(covered: bytes) -> bytes:
    """PKCS #1 over SHA-1, in an octet string (`adbe.x509.rsa_sha1`)."""
    own = key("rsa")
    assert isinstance(own, rsa.RSAPrivateKey)
    return core.OctetString(own.sign(covered, padding.PKCS1v15(), hashes.SHA1())).dump()


def sha1_of(covered: bytes) -> bytes:
    """What `adbe.pkcs7.sha1` puts into the CMS."""
    return hashlib.sha1(covered, usedforsecurity=False).digest()


def packed() -> bytes:
    """A letter with a cross-reference stream."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(samples.letter())) as pdf:
        pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return out.getvalue()


def stream_number(data: bytes) -> int:
    """The number of the last cross-reference stream."""
    found = _TAIL.search(data)
    assert found is not None
    head = re.match(rb"\s*(\d+) 0 obj", data[int(found[1]) :])
    assert head is not None
    return int(head[1])


def dangling() -> bytes:
    """Page, form and catalog name objects that are not there. Readers take them for null (7.3.10)."""
    data = samples.letter()
    with pikepdf.open(io.BytesIO(data), inherit_page_attributes=False) as pdf:
        root, page, size = pdf.Root, pdf.pages[0].obj, int(pdf.trailer.Size)
        rest = b" ".join(b"%s %s" % (k.encode(), _text(v)) for k, v in page.items() if k != "/Annots")
        kept = b" ".join(b"%s %s" % (k.encode(), _text(v)) for k, v in root.items())
        objects = {
            page.objgen[0]: b"<< %s /Annots [9000 0 R] /Thumb 9001 0 R >>" % rest,
            root.objgen[0]: b"<< %s /Outlines 9002 0 R /Metadata 9003 0 R >>" % kept,
        }
        return appended(data, objects, root=root.objgen[0], size=size)


def hybrid(*, hidden: bytes = b"", again: Mapping[int, bytes] | None = None) -> bytes:
    """A letter with a second revision whose section is a table and a stream.

    `hidden`: an entry of the catalog, in which `%d` stands for an object that only the stream names. `again`:
    new values for objects, which only the stream names at their new places.
    """
    data = samples.letter()
    with pikepdf.open(io.BytesIO(data), inherit_page_attributes=False) as pdf:
        root, size, identity = pdf.Root.objgen[0], int(pdf.trailer.Size), pdf.trailer.ID.unparse()
        kept = b" ".join(b"%s %s" % (k.encode(), _text(v)) for k, v in pdf.Root.items())
    found = _TAIL.search(data)
    assert found is not None
    out = bytearray(data)
    places: dict[int, int] = {}
    only_stream = {size: b"<< /Type /StructTreeRoot >>" if hidden else b"null", **(again or {})}
    catalog = kept + (b" " + hidden % size if hidden else b"")
    for number, body in {root: b"<< %s >>" % catalog, **only_stream}.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    own = size + 1
    index = b" ".join(b"%d 1" % number for number in sorted(places))
    rows = b"".join(b"\x01" + places[number].to_bytes(3) + b"\x00" for number in sorted(places))
    at = len(out)
    kind = b"/Type /XRef /Size %d /W [1 3 1] /Index [%s] /Root %d 0 R /ID %s" % (
        own + 1,
        index,
        root,
        identity,
    )
    out += b"%d 0 obj\n%s\nendobj\n" % (own, stream(rows, kind))
    table = len(out)
    lines = {root: b"%010d 00000 n \n" % places[root], own: b"%010d 00000 n \n" % at}
    out += b"xref\n" + b"".join(b"%d 1\n%s" % line for line in sorted(lines.items()))
    return bytes(out) + _hybrid_trailer(own + 1, root, int(found[1]), at, identity, table)


def _hybrid_trailer(size: int, root: int, previous: int, beside: int, identity: bytes, table: int) -> bytes:
    """The end of a revision whose table has a stream beside it (ISO 32000-2 clause 7.5.8.4)."""
    head = b"trailer\n<< /Size %d /Root %d 0 R /Prev %d /XRefStm %d /ID %s >>\n"
    return head % (size, root, previous, beside, identity) + b"startxref\n%d\n%%%%EOF\n" % table


def with_hybrid_section(data: bytes) -> bytes:
    """One more revision that says nothing new: a table, and a stream with the same entry for the catalog."""
    found = _TAIL.search(data)
    assert found is not None
    with pikepdf.open(io.BytesIO(data), inherit_page_attributes=False) as pdf:
        root, size, identity = pdf.Root.objgen[0], int(pdf.trailer.Size), pdf.trailer.ID.unparse()
        kept = b" ".join(b"%s %s" % (k.encode(), _text(v)) for k, v in pdf.Root.items())
    out = bytearray(data)
    catalog = len(out)
    out += b"%d 0 obj\n<< %s >>\nendobj\n" % (root, kept)
    at = len(out)
    rows = b"\x01" + catalog.to_bytes(3) + b"\x00"
    kind = b"/Type /XRef /W [1 3 1] /Size %d /Index [%d 1] /Root %d 0 R " % (size + 1, root, root)
    out += b"%d 0 obj\n%s\nendobj\n" % (size, stream(rows, kind + b"/ID " + identity))
    table = len(out)
    lines = sorted({root: catalog, size: at}.items())
    out += b"xref\n" + b"".join(b"%d 1\n%010d 00000 n \n" % line for line in lines)
    return bytes(out) + _hybrid_trailer(size + 1, root, int(found[1]), at, identity, table)


def with_stream(data: bytes, *, number: int, place: int | None = None) -> bytes:
    """One more revision, an empty stream of this number. It names itself at `place`."""
    found = _TAIL.search(data)
    assert found is not None
    with pikepdf.open(io.BytesIO(data)) as pdf:
        root, identity = pdf.Root.objgen[0], pdf.trailer.ID.unparse()
    at = len(data)
    rows = b"\x01" + (at if place is None else place).to_bytes(3) + b"\x00"
    kind = b"/Type /XRef /W [1 3 1] /Size %d /Index [%d 1] " % (number + 1, number)
    kind += b"/Root %d 0 R /Prev %d /ID %s" % (root, int(found[1]), identity)
    body = b"%d 0 obj\n%s\nendobj\n" % (number, stream(rows, kind))
    return data + body + b"startxref\n%d\n%%%%EOF\n" % at


def place_of(data: bytes, number: int) -> int:
    """Where an object begins."""
    return data.index(b"\n%d 0 obj" % number) + 1


def locked(data: bytes) -> bytes:
    """A signed file that somebody locked with a password afterwards."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(user="rahasia", owner="pemilik", R=4))
    return out.getvalue()
