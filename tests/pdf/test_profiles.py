"""Signed files, and files that others sign later: each is stamped by its profile and judged rightly."""

from __future__ import annotations

import hashlib
import io
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime

import pikepdf
import pytest
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import FieldMDPAction, FieldMDPSpec, MDPPerm
from pyhanko.sign.signers import PdfTimeStamper

from meterai.kernel.refusals import Refusal
from meterai.pdf.inspection import inspect
from meterai.pdf.limits import DEFAULT_LIMITS
from meterai.pdf.profiles import Profile
from meterai.pdf.requests import Inspection, InspectRequest, LightCheckRequest
from meterai.pdf.signed import existing_signatures
from meterai.pdf.signed.existing_signatures import examine_signatures
from meterai.pdf.signed.seal_check import light_check
from meterai.stamping.in_jail.increment import Increment
from meterai.stamping.in_jail.reception import receive
from meterai.stamping.in_jail.stamp_fields import StampField
from meterai.stamping.placement import Placement
from meterai.stamping.requests import OutputLimits, ReceptionRequest
from meterai.verification.in_jail import judge
from meterai.verification.model import SEAL_HOLDS, Judgement, JudgeRequest, Verdict
from meterai.verification.trust import load_trust
from tests.attacks.signing import signed_by_somebody
from tests.pdf import samples, signed_files
from tests.pdf.sealing import SealingBench
from tests.verification.making import SERIAL, Stamper, append_revision

RIGHT = Placement(page=1, x=420, y=120)
LEFT = Placement(page=1, x=300, y=120)


def judged(data: bytes, bench: SealingBench) -> Judgement:
    trust = load_trust(bench.folder / "trust")
    return judge(JudgeRequest(data=data, trust=trust, moment=datetime.now(UTC)))


def check(
    data: bytes, uploaded: bytes, bench: SealingBench, *serials: str, profile: Profile, pages: int = 1
) -> None:
    kept = uploaded if profile is Profile.SIGNED else b""
    light_check(
        LightCheckRequest(
            data=data,
            certificate=bench.key.certificates[0],
            pages=pages,
            serials=list(serials),
            profile=profile,
            input_bytes=len(kept),
            input_sha256=hashlib.sha256(kept).hexdigest() if kept else "",
        )
    )


def look(data: bytes) -> Inspection:
    return inspect(InspectRequest(data=data))


SIGNED: dict[str, Callable[[], bytes]] = {
    "by Budi": signed_files.by_budi,
    "by Budi and Siti": signed_files.by_budi_and_siti,
    "by Budi, annotations apart": signed_files.with_annotations_apart,
    "by Budi, annotations in place": signed_files.with_annotations_in_place,
    "by Budi, a null among the fields": signed_files.with_a_null_among_its_fields,
    "by Budi, a hybrid table": signed_files.hybrid,
    "certified, signing allowed": lambda: signed_files.certified(MDPPerm.FILL_FORMS),
    "certified, comments allowed": lambda: signed_files.certified(MDPPerm.ANNOTATE),
}


@pytest.mark.parametrize("name", SIGNED)
@pytest.mark.parametrize("count", [1, 2])
async def test_a_signed_file_is_stamped_without_touching_a_byte(
    name: str,
    count: int,
    bench: SealingBench,
    written,  # type: ignore[no-untyped-def]
) -> None:
    uploaded = SIGNED[name]()
    stamps = [bench.stamp(place, str(place.x)) for place in (RIGHT, LEFT)[:count]]
    data = await bench.seal(uploaded, *stamps, profile=Profile.SIGNED)
    assert data.startswith(uploaded)
    judgement = judged(data, bench)
    assert judgement.verdict is Verdict.GENUINE, judgement.reasons
    assert [stamp.serial for stamp in judgement.stamps] == [stamp.serial for stamp in stamps]
    assert [other.signer for other in judgement.other_signatures] == look(uploaded).signers
    assert all(other.intact for other in judgement.other_signatures)
    assert judgement.stamps[0].box is not None
    serials = (stamp.serial for stamp in stamps)
    check(data, uploaded, bench, *serials, profile=Profile.SIGNED, pages=len(look(uploaded).pages))
    path = written(data)
    assert subprocess.run(["qpdf", "--check", path], capture_output=True).returncode == 0
    said = subprocess.run(["pdfsig", "-nocert", path], capture_output=True, text=True).stdout
    assert said.count("Signature is Valid") == count + len(judgement.other_signatures)


def test_the_field_of_a_stamp_on_a_signed_file_is_printed_locks_it_and_is_turned_with_its_page() -> None:
    data = samples.rotated(90)
    increment = Increment(io.BytesIO(data))
    with pikepdf.open(io.BytesIO(data)) as pdf:
        box, page = (9.0, 9.0, 99.0, 99.0), pdf.pages[0].obj
        increment.add_field(
            StampField(name="Emet", page=page, rectangle=box, rotation=90, lock=True, text="nomor"),
            tagged=False,
        )
    out = io.BytesIO()
    increment._writer.write(out)
    with pikepdf.open(out) as pdf:
        (widget,) = pdf.pages[0].obj["/Annots"]
        assert pdf.Root["/AcroForm"]["/SigFlags"] == 0b11
        assert (widget["/F"], widget["/MK"]["/R"], widget["/TU"]) == (0b10000100, 90, "nomor")
        assert (widget["/Lock"]["/Action"], widget["/Lock"]["/P"]) == ("/All", 1)


def as_large_as_may_be() -> bytes:
    """A signed file that just fits the limit of uploads."""
    scan = samples.scan(1_000_000)
    added = len(signed_files.signed(scan)) - len(scan)
    return signed_files.signed(samples.scan(DEFAULT_LIMITS.file_bytes_max - added - 1_000))


@pytest.mark.parametrize("make", [as_large_as_may_be, signed_files.by_budi_and_siti])
async def test_what_was_accepted_at_a_limit_gets_all_its_stamps(
    make: Callable[[], bytes], bench: SealingBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our own stamps may exceed the limits of size and of the number of signatures."""
    monkeypatch.setattr(existing_signatures, "SIGNATURES_MAX", 2)
    uploaded, places = make(), [Placement(page=1, x=x, y=20, size=60.0) for x in (180, 300, 420)]
    found = receive(ReceptionRequest(data=uploaded, stamps=len(places), limits=OutputLimits()))
    stamps = [bench.stamp(place, str(place.x)) for place in places]
    data = await bench.seal(uploaded, *stamps, profile=found.profile)
    check(data, uploaded, bench, *(stamp.serial for stamp in stamps), profile=Profile.SIGNED)
    assert len(data) <= found.output.output_bytes
    assert judged(data, bench).verdict is Verdict.GENUINE


def test_a_signed_form_with_a_box_that_says_no_state_gets_a_stamp() -> None:
    with pikepdf.open(io.BytesIO(samples.form())) as pdf:
        field, face = pdf.Root.AcroForm.Fields[0], pdf.make_stream(b"", BBox=[0, 0, 9, 9])
        field["/FT"] = pikepdf.Name.Btn
        field["/AP"] = pikepdf.Dictionary(N=pikepdf.Dictionary(Off=face))
        pdf.save(out := io.BytesIO())
    signed = signed_files.signed(out.getvalue())
    assert receive(ReceptionRequest(data=signed, stamps=1, limits=OutputLimits())).profile is Profile.SIGNED


@pytest.mark.parametrize(
    ("was", "now"), [(b"[ 9 9 20 20 ]", b"[ 9 9 20 99 ]"), (b"/Subtype /Link", b"/Subtype /Line")]
)
def test_an_annotation_in_place_stays_what_it_was(was: bytes, now: bytes) -> None:
    """The next signer's program writes it again, with the list to which a new field is added."""
    first = signed_files.with_annotations_in_place()
    second = signed_files.signed(first, "Siti Rahma", field="Kedua", page=2)
    assert examine_signatures(second).changed is False
    added = second[len(first) :]
    assert added.count(was) == 1
    changed = signed_files.signed_anew(first + added.replace(was, now))
    assert examine_signatures(changed).changed is True


async def test_nobody_signs_after_the_stamp_on_a_signed_file(bench: SealingBench) -> None:
    data = await bench.seal(signed_files.by_budi(), bench.stamp(RIGHT), profile=Profile.SIGNED)
    later = signed_files.signed(data, "Siti Rahma", field="Kedua")
    assert judged(later, bench).verdict not in SEAL_HOLDS


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: signed_files.certified(MDPPerm.NO_CHANGES), "pdf.certified"),
        (lambda: signed_files.with_lock_level(MDPPerm.NO_CHANGES), "pdf.signed_locked"),
        (signed_files.with_locked_fields, "pdf.signed_locked"),
        (signed_files.broken, "pdf.signed_broken"),
        (signed_files.encrypted, "pdf.signed_encrypted"),
        (signed_files.with_an_object_freed_for_ever, "pdf.signed_irregular"),
        (signed_files.with_a_place_for_a_stamp, "pdf.signed_irregular"),
        (signed_files.with_another_object_header, "pdf.signed_irregular"),
        (signed_files.with_a_false_signature, "pdf.signed_broken"),
        (signed_files.with_a_list_of_annotations_for_two_pages, "pdf.signed_irregular"),
        (lambda: signed_files.signed(samples.counted_short()), "pdf.signed_irregular"),
    ],
)
def test_a_signed_file_that_allows_no_stamp_is_refused_before_payment(
    make: Callable[[], bytes], code: str
) -> None:
    request = ReceptionRequest(data=make(), stamps=1, limits=OutputLimits())
    with pytest.raises(Refusal) as caught:
        receive(request)
    assert caught.value.code == code


@pytest.mark.parametrize("count", [1, 2])
async def test_a_file_that_a_stamp_locks_is_named_so(count: int, bench: SealingBench) -> None:
    stamps = [bench.stamp(place, str(place.x)) for place in (RIGHT, LEFT)[:count]]
    with pytest.raises(Refusal) as caught:
        look(await bench.seal(samples.letter(), *stamps))
    assert caught.value.code == "pdf.stamped_already"


async def test_a_file_with_a_stamp_that_was_signed_since_can_get_another_one(bench: SealingBench) -> None:
    first = await bench.seal(samples.letter(), bench.stamp(RIGHT, "one"), profile=Profile.SIGN_LATER)
    signed = signed_files.signed(first)
    assert look(signed).notices == ["pdf.notice.stamped_already"]
    judgement = judged(await bench.seal(signed, bench.stamp(LEFT, "two"), profile=Profile.SIGNED), bench)
    assert judgement.verdict is Verdict.WITH_ADDITIONS, judgement.reasons
    assert (len(judgement.stamps), len(judgement.other_signatures)) == (2, 1)
    assert [one.kind for one in judgement.additions] == ["signature", "stamp"]


def test_a_stamp_is_known_by_its_reason_also_in_a_field_of_another_name() -> None:
    copied = signed_by_somebody(samples.letter(), name="Stempel", reason=f"[{SERIAL}] Bea meterai")
    assert look(copied).notices == ["pdf.notice.stamped_already"]
    later = signed_by_somebody(signed_files.by_budi(), name="Stempel", reason=f"[{SERIAL}] Bea meterai")
    assert look(later).notices == ["pdf.notice.stamped_already"], "behind another signature"


async def test_a_time_stamp_of_the_document_is_examined_and_is_nobody_who_signed(bench: SealingBench) -> None:
    """As in an archive's level (PAdES B-LTA): its imprint proves that the document is unchanged."""
    stamper, out = PdfTimeStamper(Stamper(bench.folder).time_stamper(), field_name="Waktu"), io.BytesIO()
    await stamper.async_timestamp_pdf(
        IncrementalPdfFileWriter(io.BytesIO(signed_files.by_budi())), md_algorithm="sha256", output=out
    )
    data = out.getvalue()
    assert look(data).signers == ["Budi Santoso"]
    with pytest.raises(Refusal) as caught:
        look(data.replace(b"(Waktu)", b"(waktu)"))
    assert caught.value.code == "pdf.signed_broken"


def test_a_change_after_the_signature_is_told() -> None:
    seen = look(signed_files.changed_afterwards())
    assert seen.signers == ["Budi Santoso"]
    assert "pdf.notice.signed_changed" in seen.notices
    receive(ReceptionRequest(data=signed_files.changed_afterwards(), stamps=1, limits=OutputLimits()))


def test_each_signature_is_asked_whether_it_allows_what_came_after_it() -> None:
    between = signed_files.signed(signed_files.changed_afterwards(), "Siti Rahma", field="Kedua")
    assert "pdf.notice.signed_changed" in look(between).notices, "the first one does not"
    form = signed_files.signed(samples.form())
    for lock, changed in ((None, False), (FieldMDPSpec(FieldMDPAction.ALL), True)):
        both = signed_files.signed(form, "Siti Rahma", field="Kedua", lock=lock)
        notices = look(append_revision(both, signed_files.fill_in)).notices
        assert ("pdf.notice.signed_changed" in notices) is changed, "only the last one does not"


def test_more_signatures_than_can_be_compared_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(existing_signatures, "SIGNATURES_MAX", 1)
    assert look(signed_files.by_budi()).signers == ["Budi Santoso"]
    with pytest.raises(Refusal, match=r"pdf\.signed_too_many"):
        look(signed_files.by_budi_and_siti())


def test_scripts_in_a_signed_file_are_told_and_kept() -> None:
    assert look(signed_files.signed(samples.form())).notices == ["pdf.notice.kept"]


def test_a_signed_file_has_no_choice_of_profile_and_can_not_be_rewritten() -> None:
    found = receive(
        ReceptionRequest(data=signed_files.by_budi(), stamps=1, limits=OutputLimits(bytes_max=1000))
    )
    assert found.profile is Profile.SIGNED
    assert found.output.too_large


def test_a_file_without_signatures_gets_the_profile_that_was_asked_for() -> None:
    for profile in (Profile.FINAL, Profile.SIGN_LATER):
        request = ReceptionRequest(data=samples.letter(), stamps=1, limits=OutputLimits(), profile=profile)
        assert receive(request).profile is profile


@pytest.mark.parametrize("count", [1, 2])
async def test_others_may_sign_after_the_stamp_when_that_was_chosen(count: int, bench: SealingBench) -> None:
    stamps = [bench.stamp(place, str(place.x)) for place in (RIGHT, LEFT)[:count]]
    data = await bench.seal(samples.form(), *stamps, profile=Profile.SIGN_LATER)
    check(data, b"", bench, *(stamp.serial for stamp in stamps), profile=Profile.SIGN_LATER)
    later = signed_files.signed(data)
    latest = signed_files.signed(later, "Siti Rahma", field="Kedua", left=180)
    for file, signers in ((data, 0), (later, 1), (latest, 2)):
        judgement = judged(file, bench)
        due = Verdict.WITH_ADDITIONS if signers else Verdict.GENUINE
        assert judgement.verdict is due, judgement.reasons
        assert len(judgement.other_signatures) == len(judgement.additions) == signers


@pytest.mark.parametrize("many", [True, False])
async def test_who_signs_later_is_checked_where_the_structure_ran_in_circles(
    bench: SealingBench, *, many: bool
) -> None:
    with pikepdf.open(io.BytesIO(samples.letter())) as pdf:
        tree = pdf.make_indirect(pikepdf.Dictionary(ParentTree=pikepdf.Dictionary(Nums=[])))
        top = pdf.make_indirect(pikepdf.Dictionary(S=pikepdf.Name.Document, P=tree))
        part = pdf.make_indirect(pikepdf.Dictionary(S=pikepdf.Name.Part, P=top, K=top))
        tree["/K"], top["/K"] = top, pikepdf.Array([0, part, part, top]) if many else part
        pdf.Root["/StructTreeRoot"] = tree
        pdf.save(out := io.BytesIO())
    data = await bench.seal(out.getvalue(), bench.stamp(RIGHT), profile=Profile.SIGN_LATER)
    assert judged(signed_files.signed(data), bench).verdict is Verdict.WITH_ADDITIONS
    with pikepdf.open(io.BytesIO(data)) as pdf:
        kids = list(pdf.Root.StructTreeRoot.K.K)
        assert [kid if isinstance(kid, int) else str(kid.S) for kid in kids] == [
            *([0] if many else []),
            "/Part",
            "/Form",
        ]


async def test_fields_that_wait_for_signatures_stay_when_others_will_sign(bench: SealingBench) -> None:
    assert "pdf.notice.signature_fields" in look(signed_files.waiting()).notices
    stamp = bench.stamp(RIGHT)
    data = await bench.seal(signed_files.waiting(), stamp, profile=Profile.SIGN_LATER)
    check(data, b"", bench, stamp.serial, profile=Profile.SIGN_LATER)
    assert judged(data, bench).verdict is Verdict.GENUINE
    first = signed_files.signed_in(data, "Pihak_Pertama")
    both = signed_files.signed_in(first, "Kedua", "Siti Rahma")
    judgement = judged(both, bench)
    assert judgement.verdict is Verdict.WITH_ADDITIONS, judgement.reasons
    assert all(one.offered for one in judgement.additions)
    assert [other.signer for other in judgement.other_signatures] == ["Budi Santoso", "Siti Rahma"]


async def test_a_final_document_keeps_no_field(bench: SealingBench) -> None:
    stamp = bench.stamp(RIGHT)
    data = await bench.seal(signed_files.waiting(), stamp)
    check(data, b"", bench, stamp.serial, profile=Profile.FINAL)


async def test_what_is_no_signature_spoils_a_file_that_others_may_sign(bench: SealingBench) -> None:
    data = await bench.seal(samples.letter(), bench.stamp(RIGHT), profile=Profile.SIGN_LATER)

    changed = append_revision(data, signed_files.turn_page)
    assert judged(changed, bench).verdict not in SEAL_HOLDS


async def test_the_light_check_knows_each_profile(bench: SealingBench) -> None:
    stamp = bench.stamp(RIGHT)
    final = await bench.seal(samples.letter(), stamp)
    later = await bench.seal(samples.letter(), stamp, profile=Profile.SIGN_LATER)
    signed = await bench.seal(signed_files.by_budi(), stamp, profile=Profile.SIGNED)
    for data, profile in ((final, Profile.SIGN_LATER), (later, Profile.FINAL), (signed, Profile.SIGNED)):
        with pytest.raises(Refusal) as caught:  # the signed file began with other bytes
            check(data, b"other", bench, stamp.serial, profile=profile)
        assert caught.value.facts == {"what": "profile"}
