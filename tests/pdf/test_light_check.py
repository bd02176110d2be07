"""The check after sealing finds each way in which a seal could be faulty."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
import pikepdf
import pytest

from meterai.kernel.refusals import Refusal
from meterai.pdf.profiles import Profile
from meterai.pdf.requests import CoveredDigest, LightCheckRequest
from meterai.pdf.signed.seal_check import light_check
from meterai.stamping.in_jail.preparation import prepare_seal
from meterai.stamping.placement import Placement
from meterai.stamping.requests import PreparedSeal, SealRequest
from meterai.stamping.signer.cms import build_cms
from meterai.stamping.signer.filling import fill
from meterai.stamping.signer.time_stamp_client import Timestamper
from tests.pdf import samples, signed_files
from tests.pdf.sealing import SealingBench

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
    assert why(changed(sealed, serials=sealed.serials[::-1])) == "field", "in another order"


def test_a_rewritten_file_is_found(sealed: LightCheckRequest) -> None:
    out = io.BytesIO()
    pikepdf.open(io.BytesIO(sealed.data)).save(out)
    assert why(changed(sealed, data=out.getvalue())) == "byte_range"


def covered(sealed: LightCheckRequest, *, shift: int = 0, end_shift: int = 0) -> CoveredDigest:
    """The newest seal's range according to the file's own byte range."""
    with pikepdf.open(io.BytesIO(sealed.data)) as pdf:
        _, start, end, rest = (int(number) for number in pdf.Root.AcroForm.Fields[-1].V.ByteRange)
    digest = hashlib.sha256(sealed.data[:start] + sealed.data[end : end + rest]).digest()
    return CoveredDigest(gap_start=start + shift, gap_end=end + end_shift, sha256=digest)


def test_a_digest_made_before_is_taken(sealed: LightCheckRequest) -> None:
    assert light_check(changed(sealed, covered=covered(sealed))).size_bytes == len(sealed.data)


def test_the_earlier_seal_is_hashed_also_when_the_newest_digest_is_given(sealed: LightCheckRequest) -> None:
    at = sealed.data.index(b" 595.28 ") + 1  # the width of the page
    data = sealed.data[:at] + b"6" + sealed.data[at + 1 :]
    assert why(changed(sealed, data=data, covered=covered(sealed))) == "signature"


def test_a_digest_over_another_range_is_found(sealed: LightCheckRequest) -> None:
    assert why(changed(sealed, covered=covered(sealed, shift=1))) == "byte_range"
    assert why(changed(sealed, covered=covered(sealed, end_shift=1))) == "byte_range"


def test_a_wrong_digest_is_found(sealed: LightCheckRequest) -> None:
    wrong = msgspec.structs.replace(covered(sealed), sha256=bytes(32))
    assert why(changed(sealed, covered=wrong)) == "signature"


class NoTime:
    """The time-stamp authority is down."""

    async def stamp(self, imprint: bytes) -> bytes:
        return b""


Range = tuple[int, ...]


async def sealed_by_hand(
    bench: SealingBench,
    *,
    data: bytes | None = None,
    stamps: int = 1,
    index: int = 0,
    profile: Profile = Profile.FINAL,
    prepared_as: Callable[[PreparedSeal], bytes] = lambda prepared: prepared.data,
    says: Callable[[int, int, int], Range] = lambda start, end, rest: (0, start, end, rest),
    timestamper: Timestamper | None = None,
) -> LightCheckRequest:
    """One seal of a document with `stamps` stamps, sound except for a change made before signing.

    `says`: makes its byte range from the gap's start and end and the rest; the given range is signed.
    """
    wanted = [bench.stamp(place, name) for place, name in ((RIGHT, "one"), (LEFT, "two"))[:stamps]]
    source = data or samples.letter()
    request = SealRequest(
        data=source,
        stamps=wanted,
        index=index,
        profile=profile,
        signing_time=datetime.now(UTC),
    )
    prepared = prepare_seal(request)
    out, start, end = prepared_as(prepared), prepared.gap_start, prepared.gap_end
    right = (0, start, end, len(out) - end)
    said = says(*right[1:])
    written = (b"[%s]" % b" ".join(b"%d" % number for number in numbers) for numbers in (right, said))
    before, after = (text.ljust(60) for text in written)
    assert out.count(before) == 1
    out = out.replace(before, after)
    digest = hashlib.sha256(out[: said[1]] + out[said[2] : said[2] + said[3]]).digest()
    cms = await build_cms(digest, bench.key, timestamper or bench.timestamper)
    return LightCheckRequest(
        data=fill(out, start, end, cms),
        certificate=bench.key.certificates[0],
        pages=1,
        serials=[stamp.serial for stamp in wanted[: index + 1]],
        profile=profile,
        input_bytes=prepared.base_bytes,
        input_sha256=hashlib.sha256(out[: prepared.base_bytes]).hexdigest(),
    )


async def test_a_seal_made_by_hand_passes(bench: SealingBench) -> None:
    """Otherwise the tests below would show nothing."""
    light_check(await sealed_by_hand(bench))
    first = await sealed_by_hand(bench, stamps=2)
    light_check(await sealed_by_hand(bench, data=first.data, stamps=2, index=1))


@pytest.mark.parametrize(
    "says",
    [
        lambda start, end, rest: (1, start, end, rest),
        lambda start, end, rest: (0, start, end, rest, 0),
        lambda start, end, rest: (0, start - 1, end, rest),
        lambda start, end, rest: (0, start, end + 1, rest - 1),
        lambda start, end, rest: (0, start, end, rest - 1),
        lambda start, end, rest: (0, start, end, rest + 1),
    ],
)
async def test_a_signed_byte_range_of_another_shape_is_found(
    bench: SealingBench, says: Callable[[int, int, int], Range]
) -> None:
    assert why(await sealed_by_hand(bench, says=says)) == "byte_range"


async def test_a_gap_that_leaves_out_more_than_the_contents_is_found(bench: SealingBench) -> None:
    """It begins and ends like a hex string. Anybody could change the rest."""
    seen: list[bytes] = []

    def keep(prepared: PreparedSeal) -> bytes:
        seen.append(prepared.data)
        return prepared.data

    def says(start: int, end: int, rest: int) -> Range:
        wider = seen[0].index(b">", end) + 1
        return 0, start, wider, rest - (wider - end)

    assert why(await sealed_by_hand(bench, prepared_as=keep, says=says)) == "byte_range"


async def test_an_earlier_seal_that_ends_within_its_revision_is_found(bench: SealingBench) -> None:
    """The later one covers everything, and the verifier would still call the earlier one broken."""
    first = await sealed_by_hand(bench, stamps=2, says=lambda start, end, rest: (0, start, end, rest - 8))
    assert why(await sealed_by_hand(bench, data=first.data, stamps=2, index=1)) == "byte_range"


async def test_a_file_that_the_second_parser_must_guess_is_found(bench: SealingBench) -> None:
    def broken(prepared: PreparedSeal) -> bytes:
        end = prepared.data.index(b"endobj", prepared.data.index(b"/Perms", prepared.base_bytes))
        return prepared.data[:end] + b"xxxxxx" + prepared.data[end + 6 :]

    assert why(await sealed_by_hand(bench, prepared_as=broken)) == "pages"


@pytest.mark.parametrize("profile", [Profile.FINAL, Profile.SIGN_LATER])
async def test_a_place_that_no_seal_fills_is_found(bench: SealingBench, profile: Profile) -> None:
    assert why(await sealed_by_hand(bench, stamps=2, profile=profile)) == "field"


async def test_a_strangers_signature_on_a_file_that_others_will_sign_is_found(bench: SealingBench) -> None:
    """They sign after the release."""
    sealed = await sealed_by_hand(bench, profile=Profile.SIGN_LATER)
    assert why(changed(sealed, data=signed_files.signed(sealed.data))) == "field"


async def test_an_empty_field_that_is_named_nearly_as_a_stamp_spoils_no_signed_file(
    bench: SealingBench,
) -> None:
    signed = signed_files.with_a_place_for_a_stamp("Emeterai")
    light_check(await sealed_by_hand(bench, data=signed, profile=Profile.SIGNED))


async def test_a_time_stamp_is_there_unless_it_comes_later(
    bench: SealingBench, sealed: LightCheckRequest
) -> None:
    without = await sealed_by_hand(bench, timestamper=NoTime())
    assert why(without) == "time_stamp"
    light_check(changed(without, lacks_time_stamp=True))
    assert why(changed(sealed, lacks_time_stamp=True)) == "time_stamp"


async def test_only_the_newest_seal_may_lack_its_time_stamp(bench: SealingBench) -> None:
    for earlier, found in ((None, None), (NoTime(), "time_stamp")):
        first = await sealed_by_hand(bench, stamps=2, timestamper=earlier)
        both = await sealed_by_hand(bench, data=first.data, stamps=2, index=1, timestamper=NoTime())
        request = changed(both, lacks_time_stamp=True)
        assert (why(request) if found else light_check(request).size_bytes) == (found or len(both.data))


async def test_the_seals_of_a_document_may_be_of_two_keys(
    sealed: LightCheckRequest, bench_p256: SealingBench
) -> None:
    other, own = bench_p256.key.certificates[0], sealed.certificate
    rotated = changed(sealed, certificate=other, other_certificates=[own])
    assert light_check(rotated).signed_by == [hashlib.sha256(own).hexdigest()[:16]] * 2
