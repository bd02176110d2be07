"""The check after sealing finds what a faulty seal would look like."""

from __future__ import annotations

import hashlib
import io

import pikepdf
import pytest
from tests.pdf import samples
from tests.pdf.sealing import SealingBench

from meterai.kernel.errors import Refusal
from meterai.kit.pdf.light_check import light_check
from meterai.kit.pdf.requests import CoveredDigest, LightCheckRequest
from meterai.stamping.placement import Placement

RIGHT = Placement(page=1, x=420, y=120)
LEFT = Placement(page=1, x=80, y=120)


@pytest.fixture
async def sealed(bench: SealingBench) -> LightCheckRequest:
    stamps = [bench.stamp(RIGHT, "one"), bench.stamp(LEFT, "two")]
    return LightCheckRequest(
        data=await bench.seal(samples.letter(), *stamps),
        certificate=bench.key.certificates[0],
        pages=1,
        serials=[stamp.serial for stamp in stamps],
    )


def changed(request: LightCheckRequest, **what: object) -> LightCheckRequest:
    import msgspec

    return msgspec.structs.replace(request, **what)


def why(request: LightCheckRequest) -> object:
    with pytest.raises(Refusal) as caught:
        light_check(request)
    assert caught.value.code == "seal.unsound"
    return caught.value.facts["what"]


def test_a_sound_file_passes(sealed: LightCheckRequest) -> None:
    assert light_check(sealed).size_bytes == len(sealed.data)


def test_a_changed_byte_is_found(sealed: LightCheckRequest) -> None:
    at = sealed.data.index(b" 595.28 ") + 1  # the width of the page
    data = sealed.data[:at] + b"6" + sealed.data[at + 1 :]
    assert why(changed(sealed, data=data)) == "signature"


def test_a_byte_after_the_end_is_found(sealed: LightCheckRequest) -> None:
    assert why(changed(sealed, data=sealed.data + b"\n")) == "byte_range"


def test_an_empty_gap_is_found(sealed: LightCheckRequest) -> None:
    at = sealed.data.index(b"<3082") + 1
    data = sealed.data[:at] + b"0" * 12_000 + sealed.data[at + 12_000 :]
    assert why(changed(sealed, data=data)) == "signature"


def test_another_signer_is_found(sealed: LightCheckRequest, bench_p256: SealingBench) -> None:
    assert why(changed(sealed, certificate=bench_p256.key.certificates[0])) == "signature"


def test_another_number_of_pages_is_found(sealed: LightCheckRequest) -> None:
    assert why(changed(sealed, pages=2)) == "pages"


def test_missing_and_foreign_fields_are_found(sealed: LightCheckRequest) -> None:
    assert why(changed(sealed, serials=sealed.serials[:1])) == "field"
    assert why(changed(sealed, serials=[*sealed.serials, "X" * 22])) == "field"


def test_a_rewritten_file_is_found(sealed: LightCheckRequest) -> None:
    out = io.BytesIO()
    pikepdf.open(io.BytesIO(sealed.data)).save(out)
    assert why(changed(sealed, data=out.getvalue())) == "byte_range"


def covered(sealed: LightCheckRequest, *, shift: int = 0) -> CoveredDigest:
    """The newest seal's range as the file's own byte range says."""
    with pikepdf.open(io.BytesIO(sealed.data)) as pdf:
        _, start, end, rest = (int(number) for number in pdf.Root.AcroForm.Fields[-1].V.ByteRange)
    digest = hashlib.sha256(sealed.data[:start] + sealed.data[end : end + rest]).digest()
    return CoveredDigest(gap_start=start + shift, gap_end=end, sha256=digest)


def test_a_digest_made_before_is_taken(sealed: LightCheckRequest) -> None:
    assert light_check(changed(sealed, covered=covered(sealed))).size_bytes == len(sealed.data)


def test_the_earlier_seal_is_hashed_also_when_the_newest_digest_is_given(sealed: LightCheckRequest) -> None:
    at = sealed.data.index(b" 595.28 ") + 1  # the width of the page
    data = sealed.data[:at] + b"6" + sealed.data[at + 1 :]
    assert why(changed(sealed, data=data, covered=covered(sealed))) == "signature"


def test_a_digest_over_another_range_is_found(sealed: LightCheckRequest) -> None:
    assert why(changed(sealed, covered=covered(sealed, shift=1))) == "byte_range"


def test_a_wrong_digest_is_found(sealed: LightCheckRequest) -> None:
    import msgspec

    wrong = msgspec.structs.replace(covered(sealed), sha256=bytes(32))
    assert why(changed(sealed, covered=wrong)) == "signature"
