"""Properties of what reads signatures and boxes."""

from __future__ import annotations

import hashlib

from cryptography import x509

from meterai.pdf.page_box import make_page_box
from meterai.pdf.signed.byte_range import ShapeError, gap_content, read_byte_range, without_padding
from meterai.signatures import cms, der
from meterai.signatures.signed_data import HASHES, read_signed_data, signature_is_valid
from tests.fuzz import genuine


def check_der(data: bytes) -> None:
    """What is read is the one encoding of what it says: written again, it is the same bytes."""
    try:
        element = der.read_only(data)
    except der.DerError:
        return
    assert der.encode(element.tag, element.content) == data
    stack = [(element, 0)]
    while stack:
        node, depth = stack.pop()
        if not node.tag & 0x20 or depth > 20:
            continue
        try:
            children = node.children()
        except der.DerError:
            continue
        assert b"".join(child.whole for child in children) == node.content
        stack += [(child, depth + 1) for child in children]


def check_signed_data(data: bytes) -> None:
    sealed = genuine.sealed()
    certificate = x509.load_der_x509_certificate(sealed.certificate)
    try:
        signed = read_signed_data(data)
    except der.DerError:
        return
    if signed.digest_oid not in HASHES:
        return
    own = hashlib.new(HASHES[signed.digest_oid][0], genuine.content(sealed.data)).digest()
    if signature_is_valid(signed, certificate, own):
        assert signed.to_be_signed == read_signed_data(sealed.cms).to_be_signed


def check_cms_form(data: bytes) -> None:
    """A signature in the exact form has no free byte: changed ones have another form or another signature."""
    for read in (cms.read_signature, cms.read_token):
        try:
            form = read(data)
            attributes = cms.read_attributes(form)
            cms.certificate_digest(attributes)
            if read is cms.read_token:
                cms.token_info(form)
        except cms.FormError:
            continue
        assert cms.element_length(data) == len(data)
        if read is cms.read_signature:
            own = cms.read_signature(genuine.sealed().cms)
            if (form.signed_attributes, form.signature, form.token) == (
                own.signed_attributes,
                own.signature,
                own.token,
            ):
                assert set(form.certificates) != set(own.certificates) or data == genuine.sealed().cms


def check_byte_range(data: bytes) -> None:
    numbers = [int.from_bytes(data[at : at + 3], "big", signed=True) for at in range(0, 12, 3)]
    body = data[12:]
    for given in (numbers, numbers[:3], [*numbers, 0], data[:4], None):
        try:
            found = read_byte_range(body, given)
            content = gap_content(body, found)
            without_padding(content, numbers[1] % 50)
        except ShapeError:
            continue
        assert given is numbers
        assert 0 < found.gap_start < found.gap_end < found.end <= len(body)
        assert body[found.gap_start + 1 : found.gap_end - 1].lower() == content.hex().encode()


def check_page_box(data: bytes) -> None:
    """A rectangle goes to the page and back, whatever the boxes are."""
    values = [int.from_bytes(data[at : at + 2], "big", signed=True) / 8 for at in range(0, 28, 2)]
    crop = (values[4], values[5], values[6], values[7]) if values[13] > 0 else None
    box = make_page_box(
        (values[0], values[1], values[2], values[3]),
        crop,
        rotation=int(values[8]),
        user_unit=max(abs(values[9]) / 100, 0.01),
    )
    if box is None:
        return
    assert box.width_pt > 0
    assert box.height_pt > 0
    assert box.rotation in (0, 90, 180, 270)
    wanted = (values[10], values[11], values[10] + 50.0, values[11] + 60.0)
    back = box.to_visible(box.to_page(wanted))
    assert all(abs(a - b) < 1e-3 for a, b in zip(wanted, back, strict=True))
    whole = box.to_visible((box.x0, box.y0, box.x1, box.y1))
    assert all(abs(a - b) < 1e-3 for a, b in zip(whole, (0, 0, box.width_pt, box.height_pt), strict=True))
