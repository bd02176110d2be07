"""Locked files, XFA forms and stray signatures: opened, cleaned, or refused with a reason."""

from __future__ import annotations

import io
from collections.abc import Callable

import msgspec
import pikepdf
import pytest
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, append_signature_field

from meterai.kernel.refusals import Refusal
from meterai.pdf.inspection import inspect
from meterai.pdf.limits import DEFAULT_LIMITS
from meterai.pdf.opening.structure import open_document
from meterai.pdf.requests import Inspection, InspectRequest, SignatureKind
from meterai.stamping.in_jail.places.empty_fields import find_empty_fields
from meterai.stamping.in_jail.reception import receive
from meterai.stamping.requests import OutputLimits, Reception, ReceptionRequest
from tests.pdf import samples


def look(data: bytes) -> Inspection:
    return inspect(InspectRequest(data=data))


def receive_locked(data: bytes, password: str) -> Reception:
    return receive(ReceptionRequest(data=data, stamps=1, limits=OutputLimits(), password=password))


@pytest.mark.parametrize("password", ["rahasia", "pemilik"])
def test_the_password_takes_the_lock_off_and_is_not_in_what_is_kept(password: str) -> None:
    found = receive_locked(samples.encrypted(), password)
    assert look(found.instead).encrypted is False
    assert found.inspection.encrypted
    assert "pdf.notice.encrypted" in found.inspection.notices
    assert password.encode() not in msgspec.msgpack.encode(found)


def test_a_wrong_password_is_named() -> None:
    with pytest.raises(Refusal) as caught:
        receive_locked(samples.encrypted(), "salah")
    assert caught.value.code == "pdf.wrong_password"
    assert "salah" not in str(caught.value.facts)


def test_a_password_for_a_file_that_needs_none_does_no_harm() -> None:
    for data in (samples.letter(), samples.encrypted(user="")):
        assert receive_locked(data, "rahasia").instead == receive_locked(data, "").instead


@pytest.mark.parametrize("revision", [3, 4, 6])
def test_a_password_with_accents_opens_every_kind_of_lock(revision: int) -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(samples.letter())) as pdf:
        lock = pikepdf.Encryption(
            user="café 7", owner="x", R=revision, aes=revision > 3, metadata=revision > 3
        )
        pdf.save(out, encryption=lock)
    assert receive_locked(out.getvalue(), "café 7").instead


def test_a_lock_comes_off_though_the_metadata_cannot_be_unpacked() -> None:
    """A program encrypts the file by RC4, but not the metadata: decrypting them makes noise."""
    with pikepdf.open(io.BytesIO(samples.letter())) as pdf:
        pdf.Root["/Metadata"] = pdf.make_stream(b"noise", Filter=pikepdf.Name.FlateDecode)
        lock = pikepdf.Encryption(user="rahasia", owner="x", R=4)
        pdf.save(out := io.BytesIO(), encryption=lock, fix_metadata_version=False)
    assert receive_locked(out.getvalue(), "rahasia").instead


def xfa(*, fields: bool, config: bytes = b"", rendering: bool = False) -> bytes:
    """A form in XML beside the pages."""
    pdf = pikepdf.open(io.BytesIO(samples.form()))
    form = pdf.Root["/AcroForm"]
    packets = ["config", pdf.make_stream(b"<config>" + config + b"</config>")]
    form["/XFA"] = pikepdf.Array(packets)
    if not fields:
        form["/Fields"] = pikepdf.Array([])
    if rendering:
        pdf.Root["/NeedsRendering"] = True
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


def test_an_xfa_form_with_pages_of_its_own_loses_its_xml_with_notice() -> None:
    assert (
        "pdf.notice.xfa" in look(xfa(fields=True, config=b"<dynamicRender>forbidden</dynamicRender>")).notices
    )


@pytest.mark.parametrize(
    "data",
    [
        xfa(fields=False),
        xfa(fields=True, rendering=True),
        xfa(fields=True, config=b"<dynamicRender>required</dynamicRender>"),
    ],
)
def test_an_xfa_form_whose_pages_only_adobe_reader_makes_is_refused(data: bytes) -> None:
    with pytest.raises(Refusal) as caught:
        look(data)
    assert caught.value.code == "pdf.xfa_dynamic"


def with_a_signature(entry: str, holder: Callable[[pikepdf.Object], pikepdf.Object]) -> bytes:
    """A letter with a signature's dictionary that no field holds, in an entry of its catalogue."""
    pdf = pikepdf.open(io.BytesIO(samples.letter()))
    signature = pikepdf.Dictionary(
        Type=pikepdf.Name.Sig, ByteRange=[0, 1, 2, 3], Contents=pikepdf.String(b"\0" * 40)
    )
    pdf.Root[entry] = holder(pdf.make_indirect(signature))
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


def test_usage_rights_of_one_reader_are_no_signature_and_go_with_notice() -> None:
    seen = look(with_a_signature("/Perms", lambda rights: pikepdf.Dictionary(UR3=rights)))
    assert seen.signatures is SignatureKind.NONE
    assert seen.notices == ["pdf.notice.usage_rights"]


@pytest.mark.parametrize(("places", "told"), [(40, False), (45, True)])
def test_places_to_sign_that_can_not_all_stay_are_told_of(places: int, told: bool) -> None:
    writer = IncrementalPdfFileWriter(io.BytesIO(samples.letter()))
    for number in range(places):
        box = (60, 15 * number + 20, 160, 15 * number + 30)
        append_signature_field(writer, SigFieldSpec(f"Hadir{number}", box=box))
    out = io.BytesIO()
    writer.write(out)
    assert ("pdf.notice.too_many_signature_fields" in look(out.getvalue()).notices) is told
    assert len(find_empty_fields(open_document(out.getvalue(), DEFAULT_LIMITS))) == 40


def test_a_signature_that_no_field_holds_is_refused() -> None:
    with pytest.raises(Refusal) as caught:
        look(with_a_signature("/Lost", lambda lost: lost))
    assert caught.value.code == "pdf.signed"


def test_a_certification_that_no_field_holds_is_refused() -> None:
    with pytest.raises(Refusal, match=r"pdf\.signed_irregular"):
        look(with_a_signature("/Perms", lambda lost: pikepdf.Dictionary(DocMDP=lost)))
