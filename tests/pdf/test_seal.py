"""Other programs accept sealed files: pyHanko's validator, openssl, pdfsig, qpdf."""

from __future__ import annotations

import io
import subprocess
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from asn1crypto import cms as asn1_cms
from asn1crypto import parser as der
from asn1crypto import pem, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from meterai.kernel.refusals import Refusal
from meterai.stamping.in_jail.preparation import prepare_seal
from meterai.stamping.model import SEAL_BYTES, TOKEN_BYTES
from meterai.stamping.placement import Placement, check_placement, overlap
from meterai.stamping.requests import SealRequest
from meterai.stamping.signer.cms import build_cms, cms_bytes_max
from meterai.stamping.signer.filling import fill
from meterai.stamping.signer.private_keys.software_key import SoftwareKey
from tests.pdf import samples
from tests.pdf.sealing import SealingBench

RIGHT = Placement(page=1, x=420, y=120)
LEFT = Placement(page=1, x=80, y=120)


async def judge(data: bytes, bench: SealingBench) -> list[Any]:
    root = pem.unarmor((bench.folder / "root.pem").read_bytes())[2]
    context = ValidationContext(
        trust_roots=[x509.Certificate.load(root)], allow_fetching=False, revocation_mode="soft-fail"
    )
    reader = PdfFileReader(io.BytesIO(data))
    return [
        await async_validate_pdf_signature(signature, context, context)
        for signature in reader.embedded_signatures
    ]


@pytest.fixture(params=["rsa-2048", "p-256"])
def any_bench(request: pytest.FixtureRequest) -> SealingBench:
    found: SealingBench = request.getfixturevalue("bench" if request.param == "rsa-2048" else "bench_p256")
    return found


@pytest.mark.parametrize("object_streams", [False, True])
async def test_one_stamp_is_valid_certified_and_time_stamped(
    any_bench: SealingBench, object_streams: bool
) -> None:
    document = samples.page_file(object_streams=object_streams)
    data = await any_bench.seal(document, any_bench.stamp(RIGHT))
    (status,) = await judge(data, any_bench)
    assert status.bottom_line, status.pretty_print_details()
    assert status.coverage is SignatureCoverageLevel.ENTIRE_FILE
    assert status.timestamp_validity.valid
    assert status.timestamp_validity.trusted
    reference = PdfFileReader(io.BytesIO(data)).embedded_signatures[0].sig_object["/Reference"][0]
    assert reference["/TransformMethod"] == "/DocMDP"
    assert reference["/TransformParams"]["/P"] == 1


async def test_the_signature_dictionary_looks_as_in_real_files(bench: SealingBench) -> None:
    stamp = bench.stamp(RIGHT)
    data = await bench.seal(samples.letter(), stamp)
    (signature,) = PdfFileReader(io.BytesIO(data)).embedded_signatures
    entries = signature.sig_object
    assert signature.field_name == f"Emet{stamp.serial}"
    assert entries["/Filter"] == "/Adobe.PPKLite"
    assert entries["/SubFilter"] == "/ETSI.CAdES.detached"
    assert entries["/Reason"].startswith(f"[{stamp.serial}] ")
    assert "/Location" in entries
    assert "/M" in entries
    assert signature.sig_field["/F"] == 132


async def test_two_stamps_in_one_go_are_both_valid(bench: SealingBench) -> None:
    stamps = [bench.stamp(RIGHT, "one"), bench.stamp(LEFT, "two")]
    data = await bench.seal(samples.letter(), *stamps)
    first, last = await judge(data, bench)
    assert first.bottom_line, first.pretty_print_details()
    assert last.bottom_line, last.pretty_print_details()
    assert last.coverage is SignatureCoverageLevel.ENTIRE_FILE
    signatures = PdfFileReader(io.BytesIO(data)).embedded_signatures
    assert signatures[0].sig_object["/Reference"][0]["/TransformParams"]["/P"] == 2
    parameters = signatures[1].sig_object["/Reference"][0]
    assert parameters["/TransformMethod"] == "/FieldMDP"
    assert (parameters["/TransformParams"]["/Action"], parameters["/TransformParams"]["/P"]) == ("/All", 1)
    assert signatures[1].sig_field["/Lock"]["/P"] == 1


async def test_three_stamps_on_two_pages_are_valid(bench: SealingBench) -> None:
    places = [RIGHT, LEFT, Placement(page=2, x=300, y=300)]
    stamps = [bench.stamp(place, str(number)) for number, place in enumerate(places)]
    statuses = await judge(await bench.seal(samples.two_pages(), *stamps), bench)
    assert [status.bottom_line for status in statuses] == [True] * 3


async def test_openssl_accepts_the_cms(any_bench: SealingBench, written) -> None:  # type: ignore[no-untyped-def]
    data = await any_bench.seal(samples.letter(), any_bench.stamp(RIGHT))
    (signature,) = PdfFileReader(io.BytesIO(data)).embedded_signatures
    _, gap_start, gap_end, _ = signature.byte_range
    content = written(data[:gap_start] + data[gap_end:], "content")
    cms = written(signature.signed_data.untag().dump() and signature.pkcs7_content, "cms.der")
    command = ["openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", cms]
    command += ["-content", content, "-CAfile", any_bench.folder / "root.pem", "-purpose", "any"]
    done = subprocess.run([*command, "-out", "/dev/null"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


async def test_the_cms_is_der_to_the_byte(any_bench: SealingBench) -> None:
    encoded = await build_cms(bytes(32), any_bench.key, any_bench.timestamper)
    content = asn1_cms.ContentInfo.load(encoded, strict=True)
    signed_data = content["content"].untag()
    (signer,) = signed_data["signer_infos"]
    (unsigned,) = signer["unsigned_attrs"]
    (token,) = unsigned["values"]  # the authority decides how it is written
    given = der.emit(0, 1, 16, unsigned["type"].dump(force=True) + der.emit(0, 1, 17, token.dump()))
    fields = b"".join(signer[name].dump(force=True) for name in signer if name != "unsigned_attrs")
    signers = der.emit(0, 1, 17, der.emit(0, 1, 16, fields + der.emit(2, 1, 1, given)))
    parts = [signed_data[name].dump(force=True) for name in signed_data if name != "signer_infos"]
    assert signed_data.dump() == der.emit(0, 1, 16, b"".join(parts) + signers)
    attributes = signer["signed_attrs"]
    kinds = {attribute["type"].native for attribute in attributes}
    assert kinds == {"content_type", "message_digest", "signing_certificate_v2"}


async def test_pdfsig_and_qpdf_find_nothing_wrong(bench: SealingBench, written) -> None:  # type: ignore[no-untyped-def]
    stamps = [bench.stamp(RIGHT, "one"), bench.stamp(LEFT, "two")]
    path = written(await bench.seal(samples.letter(), *stamps))
    told = subprocess.run(["pdfsig", "-nocert", path], capture_output=True, text=True, check=False).stdout
    assert told.count("Signature is Valid.") == 2
    checked = subprocess.run(["qpdf", "--check", path], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


async def test_the_same_request_gives_the_same_bytes(bench: SealingBench) -> None:
    request = SealRequest(
        data=samples.letter(), stamps=[bench.stamp(RIGHT)], signing_time=datetime(2026, 8, 17, tzinfo=UTC)
    )
    assert prepare_seal(request) == prepare_seal(request)


async def test_forms_become_page_content_and_scripts_are_gone(bench: SealingBench) -> None:
    data = await bench.seal(samples.living(), bench.stamp(RIGHT))
    pdf = pikepdf.open(io.BytesIO(data))
    assert [str(field["/T"]) for field in pdf.Root["/AcroForm"]["/Fields"]] == [
        f"Emet{bench.stamp(RIGHT).serial}"
    ]
    assert "/OpenAction" not in pdf.Root
    assert "/XFA" not in pdf.Root["/AcroForm"]
    kinds = [str(item["/Subtype"]) for item in pdf.pages[0].obj["/Annots"]]
    assert kinds.count("/Widget") == 1
    for name in (b"/JavaScript", b"/Launch", b"calc.exe", b"/EmbeddedFiles"):
        assert name not in data
    drawn = b"".join(
        item.read_bytes() for item in pdf.objects if isinstance(item, pikepdf.Stream) and "/BBox" in item
    )
    assert b"World Health Organisation" in drawn


@pytest.mark.parametrize(("opening", "closing"), [(b"[ ", b"] "), (b"<< /A ", b">> "), (b"[<</B", b">>]")])
@pytest.mark.parametrize("depth", [90, 450, 20_000])
async def test_deep_nesting_in_disguise_ends_in_a_refusal_or_a_valid_stamp(
    opening: bytes, closing: bytes, depth: int, bench: SealingBench
) -> None:
    document = samples.deep_nesting(depth, opening, closing)
    try:
        data = await bench.seal(document, bench.stamp(RIGHT))
    except (Refusal, RecursionError):  # the jail names the second one `pdf.too_complex`
        return
    assert [status.bottom_line for status in await judge(data, bench)] == [True]


async def test_an_encrypted_file_is_stamped_unencrypted(bench: SealingBench) -> None:
    data = await bench.seal(samples.encrypted(user=""), bench.stamp(RIGHT))
    assert not pikepdf.open(io.BytesIO(data)).is_encrypted


@pytest.mark.parametrize("make", [samples.broken_table, samples.huge_count, samples.truncated])
async def test_a_repaired_file_gets_a_valid_stamp(bench: SealingBench, make) -> None:  # type: ignore[no-untyped-def]
    (status,) = await judge(await bench.seal(make(), bench.stamp(RIGHT)), bench)
    assert status.bottom_line


async def test_a_stamped_file_is_not_stamped_again(bench: SealingBench) -> None:
    data = await bench.seal(samples.letter(), bench.stamp(RIGHT))
    with pytest.raises(Refusal, match=r"pdf\.certified"):
        await bench.seal(data, bench.stamp(LEFT, "other"))


async def test_a_later_seal_on_another_file_is_refused(bench: SealingBench) -> None:
    stamps = [bench.stamp(RIGHT, "one"), bench.stamp(LEFT, "two")]
    with pytest.raises(Refusal, match=r"seal\.field_missing"):
        prepare_seal(
            SealRequest(data=samples.letter(), stamps=stamps, index=1, signing_time=datetime.now(UTC))
        )


@pytest.mark.parametrize(
    ("places", "code"),
    [
        ([Placement(page=2, x=100, y=100)], "placement.page"),
        ([Placement(page=1, x=560, y=100)], "placement.outside"),
        ([Placement(page=1, x=-5, y=100)], "placement.outside"),
        ([Placement(page=1, x=100, y=100, size=30)], "placement.size"),
        ([RIGHT, Placement(page=1, x=440, y=130)], "placement.overlap"),
        ([Placement(page=1, x=50 * number, y=100, size=54) for number in range(11)], "seal.too_many"),
    ],
)
def test_a_wrong_place_is_refused_by_name(bench: SealingBench, places: list[Placement], code: str) -> None:
    stamps = [bench.stamp(place, str(number)) for number, place in enumerate(places)]
    with pytest.raises(Refusal) as caught:
        prepare_seal(SealRequest(data=samples.letter(), stamps=stamps, signing_time=datetime.now(UTC)))
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("x", "y", "size", "code"),
    [
        (0, 0, 54, None),
        (490, 690, 110, None),
        (0, 0, 53.9, "placement.size"),
        (0, 0, 110.1, "placement.size"),
        (-0.1, 0, 90, "placement.outside"),
        (0, -0.1, 90, "placement.outside"),
        (510.1, 0, 90, "placement.outside"),
        (0, 710.1, 90, "placement.outside"),
    ],
)
def test_a_stamp_lies_on_the_page_to_its_edges(x: float, y: float, size: float, code: str | None) -> None:
    placement = Placement(page=1, x=x, y=y, size=size)
    with nullcontext() if code is None else pytest.raises(Refusal, match=f"^{code}$"):
        check_placement(placement, pages=1, width_pt=600, height_pt=800)


@pytest.mark.parametrize(
    ("page", "x", "y"), [(2, 100, 300), (1, 190, 300), (1, 10, 300), (1, 100, 390), (1, 100, 210)]
)
def test_stamps_that_only_touch_cover_nothing_of_each_other(page: int, x: float, y: float) -> None:
    one, other = Placement(page=1, x=100, y=300), Placement(page=page, x=x, y=y)
    assert not overlap(one, other)
    assert not overlap(other, one)


def test_the_gap_holds_the_largest_cms(bench: SealingBench, bench_p256: SealingBench) -> None:
    for one in (bench, bench_p256):
        assert cms_bytes_max(one.key.certificates, TOKEN_BYTES) <= SEAL_BYTES
    own, above = bench.key.certificates
    more = 2 * 1_900 - len(own) - len(above)  # as authorities issue them, with RSA-4096
    assert cms_bytes_max((own, above), TOKEN_BYTES + more) <= SEAL_BYTES


def test_filling_refuses_what_is_no_gap_of_zeros() -> None:
    with pytest.raises(Refusal, match=r"seal\.gap_mismatch"):
        fill(b"x" * 100, 10, 50, b"cms")
    with pytest.raises(Refusal, match=r"seal\.gap_mismatch"):
        fill(b"a<0010>b", 1, 7, b"c")
    with pytest.raises(Refusal, match=r"seal\.gap_too_small"):
        fill(b"a<0000>b", 1, 7, b"cms")
    assert fill(b"a<0000>b", 1, 7, b"\xab") == b"a<ab00>b"


def test_a_key_that_does_not_fit_its_certificate_is_refused(bench: SealingBench) -> None:
    with pytest.raises(ValueError, match="belong together"):
        SoftwareKey((bench.folder / "tsa.key.pem").read_bytes(), (bench.folder / "stamp.pem").read_bytes())


async def test_every_signature_is_counted(bench: SealingBench) -> None:
    before = bench.key.attempts
    await bench.seal(samples.letter(), bench.stamp(RIGHT, "one"), bench.stamp(LEFT, "two"))
    assert bench.key.attempts == before + 2


def test_the_development_pki_is_made_once_and_private(bench: SealingBench) -> None:
    from sandbox.pki.authority import make_pki

    before = (bench.folder / "stamp.pem").read_bytes()
    make_pki(bench.folder)
    assert (bench.folder / "stamp.pem").read_bytes() == before
    files = [path for path in Path(bench.folder).rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


@pytest.mark.parametrize("nested", [False, True])
async def test_the_stamp_lies_on_the_page_that_was_named(bench: SealingBench, nested: bool) -> None:
    """Also where the page tree has branches, whose pages can't be counted at its root."""
    with pikepdf.open(io.BytesIO(samples.letter())) as pdf:
        for _ in range(4):
            pdf.pages.append(pdf.pages[0])
        if nested:
            first, second, *rest = pdf.Root.Pages.Kids
            branch = pdf.make_indirect(
                pikepdf.Dictionary(
                    Type=pikepdf.Name.Pages, Count=2, Kids=[first, second], Parent=pdf.Root.Pages
                )
            )
            first.Parent = second.Parent = branch
            pdf.Root.Pages.Kids = pikepdf.Array([branch, *rest])
        out = io.BytesIO()
        pdf.save(out)
    stamp = bench.stamp(Placement(page=3, x=420, y=120))
    with pikepdf.open(io.BytesIO(await bench.seal(out.getvalue(), stamp))) as pdf:
        assert ["/Annots" in page for page in pdf.pages] == [False, False, True, False, False]
        assert pdf.Root.AcroForm.Fields[0].P.objgen == pdf.pages[2].objgen
