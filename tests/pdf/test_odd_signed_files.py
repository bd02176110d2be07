"""Signed files that are unusual: what no reader understands in two ways is stamped and judged genuine."""

from __future__ import annotations

import io
import re
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pikepdf
import pytest
from pyhanko.sign.fields import MDPPerm

from meterai.kernel.refusals import Refusal
from meterai.pdf.limits import DEFAULT_LIMITS
from meterai.pdf.profiles import Profile
from meterai.pdf.signed_refusals import FOR_SIGNED
from meterai.stamping.in_jail.archive_extension import extend
from meterai.stamping.in_jail.reception import receive
from meterai.stamping.requests import ExtendRequest, OutputLimits, Reception, ReceptionRequest
from meterai.texts.refusals import TABLE
from meterai.texts.told import text_of
from meterai.verification.in_jail import judge
from meterai.verification.model import Judgement, JudgeRequest, Verdict
from meterai.verification.trust import load_trust
from tests.attacks.programs import by_poppler
from tests.pdf import odd_signed_files as odd
from tests.pdf import samples, signed_files
from tests.pdf.odd_signed_files import detached, signed_by_hand
from tests.pdf.sealing import SealingBench


def judged(data: bytes, bench: SealingBench) -> Judgement:
    trust = load_trust(bench.folder / "trust")
    return judge(JudgeRequest(data=data, trust=trust, moment=datetime.now(UTC)))


def received(data: bytes) -> Reception:
    return receive(ReceptionRequest(data=data, stamps=1, limits=OutputLimits()))


async def stamped(data: bytes, bench: SealingBench, *, count: int = 1) -> bytes:
    found = received(data)
    places = receive(ReceptionRequest(data=data, stamps=count, limits=OutputLimits())).placements
    stamps = [bench.stamp(place, str(number)) for number, place in enumerate(places)]
    return await bench.seal(data, *stamps, profile=found.profile)


def letter() -> bytes:
    return samples.letter()


def javascript() -> bytes:
    """As @signpdf writes: `startxref` points to the end of the line before the table."""
    return signed_by_hand(letter(), detached(), early=1)


def javascript_twice() -> bytes:
    return signed_by_hand(javascript(), detached(), early=1, name=b"Kedua")


def uncounted_stream() -> bytes:
    """The next signer gives a new object the number of a cross-reference stream."""
    data = odd.packed()
    return signed_by_hand(data, detached(), first=odd.stream_number(data))


def dangling_twice() -> bytes:
    return signed_by_hand(signed_by_hand(odd.dangling(), detached()), detached(), name=b"Kedua")


STAMPED: dict[str, Callable[[], bytes]] = {
    "references to nothing": lambda: signed_files.signed(odd.dangling(), strict=False),
    "references to nothing, signed twice": dangling_twice,
    "signed in JavaScript": javascript,
    "signed in JavaScript twice": javascript_twice,
    "number of a stream used again": uncounted_stream,
    "number of a stream used again, then signed": lambda: signed_by_hand(
        uncounted_stream(), detached(), name=b"Kedua"
    ),
    "hybrid, nothing hidden": lambda: signed_by_hand(odd.hybrid(), detached()),
    "hybrid, the tree of structure hidden": lambda: signed_by_hand(
        odd.hybrid(hidden=b"/StructTreeRoot %d 0 R"), detached()
    ),
    "signed by Okular": lambda: by_poppler(signed_files.by_budi(), name="Kedua"),
    "a large certificate": signed_files.by_a_large_certificate,
}


@pytest.mark.everyday(one_in=3)
@pytest.mark.parametrize("name", STAMPED)
@pytest.mark.parametrize("count", [1, 2])
async def test_an_odd_signed_file_is_stamped_without_touching_a_byte(
    name: str,
    count: int,
    bench: SealingBench,
    written,  # type: ignore[no-untyped-def]
) -> None:
    uploaded = STAMPED[name]()
    found = received(uploaded)
    assert (found.profile, found.inspection.notices, found.inspection.exceptions) == (Profile.SIGNED, [], [])
    data = await stamped(uploaded, bench, count=count)
    assert data.startswith(uploaded)
    judgement = judged(data, bench)
    assert judgement.verdict is Verdict.GENUINE, judgement.reasons
    assert len(judgement.stamps) == count
    assert all(other.intact for other in judgement.other_signatures)
    said = subprocess.run(["pdfsig", "-nocert", written(data)], capture_output=True, text=True).stdout
    assert said.count("Signature is Valid") == count + len(judgement.other_signatures)


@pytest.mark.everyday(one_in=3)
@pytest.mark.parametrize("name", STAMPED)
async def test_archive_data_may_follow_the_stamp_on_an_odd_file(name: str, bench: SealingBench) -> None:
    data = await stamped(STAMPED[name](), bench)
    request = ExtendRequest(
        data=data, certificates=[], crls=[], ocsp_responses=[], token_bytes=0, identity=bytes(16)
    )
    assert judged(extend(request).data, bench).verdict is Verdict.GENUINE


FORMS: dict[str, tuple[bytes, odd.Sign, bytes]] = {
    "SHA-3 with RSA": (
        b"adbe.pkcs7.detached",
        detached(digest="sha3_256", algorithm="2.16.840.1.101.3.4.3.14"),
        b"",
    ),
    "SHA-3 with RSA, named apart": (b"adbe.pkcs7.detached", detached(digest="sha3_512"), b""),
    "SHA-3 on a curve": (
        b"ETSI.CAdES.detached",
        detached(digest="sha3_384", algorithm="2.16.840.1.101.3.4.3.11", kind="ec"),
        b"",
    ),
    "on a curve": (b"adbe.pkcs7.detached", detached(kind="ec"), b""),
    "Ed25519": (b"adbe.pkcs7.detached", detached(digest="sha512", kind="ed25519"), b""),
    "a digest under another name": (b"adbe.pkcs7.detached", detached(named="1.2.840.113549.1.1.11"), b""),
    "adbe.pkcs7.sha1": (b"adbe.pkcs7.sha1", detached(content=odd.sha1_of), b""),
    "adbe.x509.rsa_sha1": (
        b"adbe.x509.rsa_sha1",
        odd.raw_rsa,
        b"/Cert <%s>" % odd.certificate().hex().encode(),
    ),
}


@pytest.mark.parametrize("name", FORMS)
async def test_a_rare_form_of_signature_is_checked(name: str, bench: SealingBench) -> None:
    subfilter, sign, entries = FORMS[name]
    uploaded = signed_by_hand(letter(), sign, subfilter=subfilter, entries=entries)
    assert received(uploaded).inspection.notices == []
    assert received(uploaded).inspection.signers == (["Budi Santoso"])
    judgement = judged(await stamped(uploaded, bench), bench)
    assert judgement.verdict is Verdict.GENUINE, judgement.reasons
    assert [other.intact for other in judgement.other_signatures] == [True]
    broken = uploaded.replace(b"Helvetica", b"Helvetika", 1)
    assert broken != uploaded
    with pytest.raises(Refusal, match=r"pdf\.signed_broken"):
        received(broken)


UNCHECKED: dict[str, tuple[bytes, odd.Sign]] = {
    "no certificate": (b"adbe.pkcs7.detached", detached(certified=False)),
    "an unknown signature algorithm": (b"ETSI.CAdES.detached", detached(algorithm="1.2.156.10197.1.501")),
    "an unknown digest": (b"adbe.pkcs7.detached", detached(named="1.2.156.10197.1.401.9")),
    "a form of another maker": (b"GM.sm2seal", lambda _covered: b"\x30\x03\x02\x01\x01"),
    "a raw signature without its certificate": (b"adbe.x509.rsa_sha1", odd.raw_rsa),
}


@pytest.mark.parametrize("name", UNCHECKED)
async def test_not_checked_is_not_broken(name: str, bench: SealingBench) -> None:
    subfilter, sign = UNCHECKED[name]
    uploaded = signed_by_hand(letter(), sign, subfilter=subfilter)
    assert received(uploaded).inspection.notices == ["pdf.notice.signed_unchecked"]
    judgement = judged(await stamped(uploaded, bench), bench)
    assert judgement.verdict is Verdict.GENUINE, judgement.reasons
    assert "note.signature_unchecked" in judgement.reasons
    assert [other.intact for other in judgement.other_signatures] == [None]


@pytest.mark.parametrize(
    "sign",
    [
        detached(certified=False, wrong=True),
        detached(algorithm="1.2.156.10197.1.501", wrong=True),
        detached(digest="sha3_256", algorithm="2.16.840.1.101.3.4.3.14", wrong=True),
        detached(digest="sha3_256", algorithm="2.16.840.1.101.3.4.3.15"),
        detached(kind="ec", wrong=True),
    ],
)
async def test_a_wrong_digest_or_value_is_broken_whatever_else_it_is(
    sign: odd.Sign, bench: SealingBench
) -> None:
    uploaded = signed_by_hand(letter(), sign)
    with pytest.raises(Refusal, match=r"pdf\.signed_broken"):
        received(uploaded)
    later = await bench.seal(
        letter(), bench.stamp(received(letter()).placements[0]), profile=Profile.SIGN_LATER
    )
    assert judged(signed_by_hand(later, sign), bench).verdict is Verdict.NOT_GENUINE


@pytest.mark.parametrize(("subfilter", "sign"), UNCHECKED.values(), ids=UNCHECKED)
async def test_who_signs_later_in_a_way_that_cant_be_checked_breaks_nothing(
    subfilter: bytes, sign: odd.Sign, bench: SealingBench
) -> None:
    stamp = bench.stamp(received(letter()).placements[0])
    sealed = await bench.seal(letter(), stamp, profile=Profile.SIGN_LATER)
    judgement = judged(signed_by_hand(sealed, sign, subfilter=subfilter), bench)
    assert judgement.verdict not in (Verdict.NOT_GENUINE, Verdict.CANNOT_CHECK), judgement.reasons
    assert [other.intact for other in judgement.other_signatures] == [None]


@pytest.mark.parametrize("times", [1, 2])
async def test_who_signs_later_in_javascript_breaks_nothing(times: int, bench: SealingBench) -> None:
    stamp = bench.stamp(received(letter()).placements[0])
    data = await bench.seal(letter(), stamp, profile=Profile.SIGN_LATER)
    for number in range(times):
        data = signed_by_hand(data, detached(), early=1, name=b"Budi%d" % number)
    judgement = judged(data, bench)
    assert judgement.verdict not in (Verdict.NOT_GENUINE, Verdict.CANNOT_CHECK), judgement.reasons


async def sealed_for_signing(bench: SealingBench, source: bytes) -> bytes:
    stamp = bench.stamp(received(source).placements[0])
    return await bench.seal(source, stamp, profile=Profile.SIGN_LATER)


def a4() -> bytes:
    """The size of its page has more decimals than Poppler writes."""
    with pikepdf.open(io.BytesIO(letter())) as pdf:
        box = [0, 0, Decimal("595.303937007874"), Decimal("841.889763779528")]
        pdf.pages[0].obj["/MediaBox"] = pikepdf.Array(box)
        pdf.save(out := io.BytesIO())
    return out.getvalue()


async def test_a_page_written_again_with_rounded_numbers_is_no_change(bench: SealingBench) -> None:
    data = await sealed_for_signing(bench, a4())
    for width, genuine in ((b"595.3039370079", True), (b"595.304", False)):
        box = b"[0 0 %s 841.8897637795]" % width
        later = judged(signed_by_hand(data, detached(), page_entries={"/MediaBox": box}), bench)
        assert (later.verdict not in (Verdict.NOT_GENUINE, Verdict.CANNOT_CHECK)) is genuine, later.reasons


async def test_a_number_freed_without_an_object_is_no_change(bench: SealingBench) -> None:
    """iText lists its own cross-reference stream as free."""
    data = await sealed_for_signing(bench, letter())
    with pikepdf.open(io.BytesIO(data)) as pdf:
        size, used = int(pdf.trailer.Size), pdf.pages[0].obj.Contents.objgen[0]
    for number, generation, genuine in ((size + 5, 65535, True), (used, 1, False)):
        later = judged(signed_by_hand(data, detached(), free={number: generation}), bench)
        assert (later.verdict not in (Verdict.NOT_GENUINE, Verdict.CANNOT_CHECK)) is genuine, later.reasons


async def test_our_files_leave_out_no_number_and_others_may_use_one(bench: SealingBench) -> None:
    """Poppler takes the first number that no table names."""
    data = await sealed_for_signing(bench, letter())
    with pikepdf.open(io.BytesIO(data)) as pdf:
        size = int(pdf.trailer.Size)
        assert {number for number, _ in (item.objgen for item in pdf.objects)} == set(range(1, size))
    hole = signed_by_hand(data, detached(), first=size + 3)  # as our files were before
    later = judged(signed_by_hand(hole, detached(), first=size, name=b"Kedua"), bench)
    assert later.verdict not in (Verdict.NOT_GENUINE, Verdict.CANNOT_CHECK), later.reasons


async def test_the_form_of_our_files_begins_with_its_type(bench: SealingBench) -> None:
    """@signpdf looks for these words to find the fields, and breaks the file without them."""
    data = await sealed_for_signing(bench, letter())
    assert re.search(rb"\n\d+ 0 obj\n<<\n/Type /AcroForm\n/Fields \[ \d+ 0 R \]", data)


def contradiction() -> bytes:
    """Table and stream of the same section place the catalog differently."""
    data = odd.hybrid()
    at = data.rindex(b"xref\n", 0, data.rindex(b"trailer"))
    row = data.index(b" 00000 n", at)
    other = b"%010d" % (int(data[row - 10 : row]) + 1)
    return data[: row - 10] + other + data[row:]


AMBIGUOUS: dict[str, Callable[[], bytes]] = {
    "content that only the stream names": lambda: odd.hybrid(again={content(): b"<< /Length 0 >>"}),
    "an outline that only the stream names": lambda: odd.hybrid(hidden=b"/Outlines %d 0 R"),
    "table and stream contradict each other": contradiction,
}


def content() -> int:
    with pikepdf.open(io.BytesIO(letter())) as pdf:
        return pdf.pages[0].obj.Contents.objgen[0]


@pytest.mark.parametrize("name", AMBIGUOUS)
async def test_a_hybrid_file_that_readers_see_in_two_ways_is_refused(name: str, bench: SealingBench) -> None:
    data = signed_by_hand(AMBIGUOUS[name](), detached())
    with pytest.raises(Refusal, match=r"pdf\.signed_irregular"):
        received(data)
    assert judged(data, bench).verdict is Verdict.CANNOT_CHECK


async def test_a_hybrid_section_after_the_stamp_is_not_judged(bench: SealingBench) -> None:
    """The same table with its stream is accepted before the stamp."""
    stamp = bench.stamp(received(letter()).placements[0])
    data = await bench.seal(letter(), stamp, profile=Profile.SIGN_LATER)
    later = odd.with_hybrid_section(data)
    assert judged(later, bench).verdict in (Verdict.NOT_GENUINE, Verdict.CANNOT_CHECK)
    received(signed_by_hand(odd.with_hybrid_section(letter()), detached()))


def test_a_stream_that_names_itself_at_another_place_is_refused() -> None:
    data = odd.packed()
    first = odd.stream_number(data)
    twice = odd.with_stream(data, number=first + 1, place=odd.place_of(data, first))
    for place, accepted in ((twice, False), (odd.with_stream(data, number=first + 1), True)):
        signed = signed_by_hand(place, detached(), first=first + 1)
        if accepted:
            received(signed)
            continue
        with pytest.raises(Refusal, match=r"pdf\.signed_irregular"):
            received(signed)


NEVER = ("pdf.broken", "pdf.too_complex", "pdf.too_heavy", "pdf.encrypted", "pdf.page_size", "pdf.too_large")
REFUSED: dict[str, Callable[[], bytes]] = {
    "cut off": lambda: signed_files.by_budi()[:-300],
    "without a page": lambda: signed_files.by_budi().replace(b"/Kids", b"/Kidz"),
    "too deep": lambda: signed_files.by_budi() + b"[" * 200,
    "a password": lambda: odd.locked(signed_files.by_budi()),
    "a tiny page": lambda: signed_by_hand(samples.page_file(media=(0, 0, 20, 20)), detached()),
    "too many pages": lambda: signed_files.signed(samples.letter(pages=DEFAULT_LIMITS.pages_max + 1)),
    "changed": signed_files.broken,
    "encrypted": signed_files.encrypted,
    "certified": lambda: signed_files.certified(MDPPerm.NO_CHANGES),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("language", ["id", "en"])
def test_nobody_is_told_to_print_or_save_a_signed_file(name: str, language: str) -> None:
    with pytest.raises(Refusal) as caught:
        received(REFUSED[name]())
    code = caught.value.code
    assert code.startswith(("pdf.signed_", "pdf.certified"))
    said = text_of(code, language, caught.value.facts)
    step = said.next.lower().replace("jangan cetak atau simpan ulang", "").replace("do not print or save", "")
    assert not re.search(r"\b(cetak|simpan|pindai|print|save|scan)\b", step), said.next
    assert re.search(r"penanda tangan|sebelum ditandatangani|minta|signer|before|ask", step), said.next


def test_each_refusal_that_tells_to_print_or_save_has_other_words_for_signed_files() -> None:
    """Those that can come before anybody looked for signatures say both, or concern no signed file."""
    for code, text in TABLE.items():
        tells = re.search(
            r"(?i)\b(cetak|simpan) (atau simpan )?sebagai pdf|perkecil pdf|cetak ke pdf", text.next
        )
        if tells and code.startswith(("pdf.", "jail.", "seal.", "stamping.")):
            assert code in FOR_SIGNED or "ditandatangani" in text.next or code in UNSIGNED_ONLY, code


UNSIGNED_ONLY = {
    "pdf.ambiguous",
    "pdf.to_compare",
    "pdf.not_static",
    "pdf.not_pdf",
    "pdf.output_too_large",  # signed: pdf.signed_output_unfit
    "pdf.version_too_low",
}
