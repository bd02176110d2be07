"""What must be judged genuine, so that the refusals elsewhere mean something."""

from __future__ import annotations

import asyncio
import io
from datetime import timedelta

import pikepdf
import pytest
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm, SigFieldSpec
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, PdfTimeStamper, SimpleSigner
from pyhanko.sign.validation import DocumentSecurityStore

from meterai.verification.in_jail import judge
from meterai.verification.model import Box, Covers, JudgeRequest, RegisterAnswer, Trust, Verdict
from tests.attacks.signing import signed_by_somebody
from tests.pdf import signed_files
from tests.verification.making import (
    NOW,
    SECOND,
    SERIAL,
    Stamper,
    certificate,
    letter,
    self_made,
    stamp,
    stranger,
)


def test_a_stamped_letter_is_genuine_and_everything_known_is_said(stamper: Stamper, stamped: bytes) -> None:
    judgement = stamper.judge(stamped)
    assert judgement.verdict is Verdict.GENUINE
    assert judgement.reasons == ("genuine",)
    assert judgement.register is RegisterAnswer.NOT_ASKED
    assert judgement.pages == 1
    (found,) = judgement.stamps
    assert (found.serial, found.stamped_at, found.page) == (SERIAL, NOW, 1)
    assert found.signer == "Meterai Elektronik 10000 SPESIMEN"
    assert found.field == f"Emet{SERIAL}"
    assert found.box == Box(x=300, y=100, width=90, height=90)
    assert found.intact
    assert not found.foreign
    assert found.covers is Covers.WHOLE_FILE
    assert found.revision_sha256 == judgement.sha256


def test_two_stamps_on_one_document_are_genuine(stamper: Stamper, twice: bytes) -> None:
    judgement = stamper.judge(twice)
    assert judgement.verdict is Verdict.GENUINE
    assert [s.serial for s in judgement.stamps] == [SERIAL, SECOND]
    assert [s.covers for s in judgement.stamps] == [Covers.REVISION, Covers.WHOLE_FILE]


def test_a_stamp_stays_genuine_after_its_certificates_have_ended(stamper: Stamper, stamped: bytes) -> None:
    judgement = stamper.judge(stamped, NOW + timedelta(days=365 * 8))
    assert judgement.verdict is Verdict.GENUINE


@pytest.mark.parametrize(
    ("rotation", "box"),
    [
        (90, Box(x=80, y=202, width=90, height=90)),
        (180, Box(x=202, y=632, width=90, height=90)),
        (270, Box(x=632, y=290, width=90, height=90)),
    ],
)
def test_the_place_is_told_in_the_visible_page(stamper: Stamper, rotation: int, box: Box) -> None:
    with pikepdf.open(io.BytesIO(letter())) as pdf:
        pdf.pages[0].CropBox = [10, 20, 592, 822]
        pdf.pages[0].Rotate = rotation
        out = io.BytesIO()
        pdf.save(out)
    (found,) = stamper.judge(stamp(out.getvalue(), stamper)).stamps
    assert found.box == box


def test_a_signature_that_was_there_before_does_no_harm_and_is_described(stamper: Stamper) -> None:
    signed = _sign(letter(), "Budi")
    judgement = stamper.judge(stamp(signed, stamper, certify=None))
    assert judgement.verdict is Verdict.GENUINE
    assert judgement.reasons == ("genuine", "note.other_signature")
    (other,) = judgement.other_signatures
    assert (other.signer, other.intact, other.field) == ("Budi Santoso", True, "Budi")


def test_an_unknown_kind_of_key_in_a_strangers_chain_does_no_harm(stamper: Stamper) -> None:
    """As the roots of some countries have: its key is on the curve SM2."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Akar")])
    root = (
        x509.CertificateBuilder(names, names, key.public_key(), 5)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=9))
        .sign(key, hashes.SHA256())
    )
    encoded = root.public_bytes(Encoding.DER)
    curve, unknown = bytes.fromhex("06082a8648ce3d030107"), bytes.fromhex("06082a811ccf5501822d")
    assert encoded.count(curve) == 1
    changed = x509.load_der_x509_certificate(encoded.replace(curve, unknown))
    _, issuing = self_made("Akar", authority=True)
    budi = stranger(issuer=(changed, issuing))
    signed = stamp(letter(), stamper, signer=budi, name="Budi", reason="-", time_stamper=None, certify=None)
    judgement = stamper.judge(stamp(signed, stamper, certify=None))
    assert judgement.reasons == ("genuine", "note.other_signature")


def test_a_later_signature_on_blank_paper_is_allowed_where_the_stamp_is_no_final_one(
    stamper: Stamper,
) -> None:
    later = _sign(stamp(letter(), stamper, certify=None), "Budi", box=(50, 300, 150, 360))
    judgement = stamper.judge(later)
    assert judgement.verdict is Verdict.WITH_ADDITIONS
    assert len(judgement.other_signatures) == 1


def test_a_later_signers_large_certificate_does_no_harm(stamper: Stamper) -> None:
    later = signed_files.by_a_large_certificate(stamp(letter(), stamper, certify=None))
    judgement = stamper.judge(later)
    assert judgement.verdict is Verdict.WITH_ADDITIONS
    (other,) = judgement.other_signatures
    assert (other.signer, other.intact, other.problems) == ("Budi Santoso", True, ())


@pytest.mark.parametrize(
    ("written", "instead"),
    [(b"\x0c\x05Josex", b"\x14\x05Jos\xe9x"), (b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x01")],
    ids=["letters of 1990", "second version"],
)
def test_a_signers_certificate_that_our_parser_refuses_does_no_harm(
    stamper: Stamper, written: bytes, instead: bytes
) -> None:
    """Other programs read such old ones; whose a stranger's signature is we don't check anyway."""
    made = stranger("Josex")
    encoded = made.signing_cert.dump()
    assert written in encoded
    made = SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(encoded.replace(written, instead)),
        signing_key=made.signing_key,
        cert_registry=made.cert_registry,
    )
    before = stamp(signed_by_somebody(letter(), signer=made), stamper, certify=None)
    later = signed_by_somebody(stamp(letter(), stamper, certify=None), signer=made)
    for data, due in ((before, Verdict.GENUINE), (later, Verdict.WITH_ADDITIONS)):
        judgement = stamper.judge(data)
        assert judgement.verdict is due
        (other,) = judgement.other_signatures
        assert (other.signer, other.intact, other.problems) == ("", True, ())


def test_another_authority_of_our_organisation_makes_nobody_an_impostor(stamper: Stamper) -> None:
    """The authority that time-stamps for us may certify the public, and its name is in a pinned
    certificate."""
    root = x509.load_pem_x509_certificate((stamper.folder / "root.pem").read_bytes())
    organisation = str(root.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value)
    sister = self_made("CA Perorangan", organisation=organisation, authority=True)
    budi = stranger("Budi Santoso", issuer=sister)
    before = stamp(signed_by_somebody(letter(), signer=budi), stamper, certify=None)
    later = signed_by_somebody(stamp(letter(), stamper, certify=None), signer=budi)
    for data, due in ((before, Verdict.GENUINE), (later, Verdict.WITH_ADDITIONS)):
        judgement = stamper.judge(data)
        assert judgement.verdict is due
        assert judgement.other_signatures[0].problems == ()
    judgement = stamper.judge(stamp(letter(), stamper, signer=budi))
    assert judgement.verdict is Verdict.CANNOT_CHECK
    assert judgement.reasons == ("stamp.foreign_issuer",)


def test_our_names_in_a_large_certificate_are_recognised(stamper: Stamper) -> None:
    root = x509.load_pem_x509_certificate((stamper.folder / "root.pem").read_bytes())
    later = signed_files.by_a_large_certificate(stamp(letter(), stamper, certify=None), root.subject)
    judgement = stamper.judge(later)
    assert judgement.verdict is Verdict.NOT_GENUINE
    assert judgement.reasons == ("chain.impostor", "note.other_signature")


def test_a_later_signature_over_content_is_not_allowed(stamper: Stamper) -> None:
    later = _sign(stamp(letter(), stamper, certify=None), "Budi", box=(50, 740, 250, 780))
    judgement = stamper.judge(later)
    assert judgement.verdict is Verdict.NOT_GENUINE
    assert "file.changed_after" in judgement.reasons


def test_a_later_signature_on_a_final_document_is_not_allowed(stamper: Stamper, stamped: bytes) -> None:
    judgement = stamper.judge(_sign(stamped, "Budi", ignore_certification=True))
    assert judgement.verdict is Verdict.NOT_GENUINE


def test_archive_data_and_an_archive_time_stamp_may_follow(stamper: Stamper, stamped: bytes) -> None:
    writer = IncrementalPdfFileWriter(io.BytesIO(stamped))
    signature = PdfFileReader(io.BytesIO(stamped)).embedded_signatures[0]
    DocumentSecurityStore.supply_dss_in_writer(
        writer, signature.pkcs7_content, certs=[certificate(stamper.folder / "intermediate.pem")]
    )
    archived = io.BytesIO()
    writer.write(archived)
    assert stamper.judge(archived.getvalue()).verdict is Verdict.GENUINE
    out = io.BytesIO()
    asyncio.run(
        PdfTimeStamper(stamper.time_stamper(NOW + timedelta(minutes=5))).async_timestamp_pdf(
            IncrementalPdfFileWriter(io.BytesIO(archived.getvalue())), md_algorithm="sha256", output=out
        )
    )
    judgement = stamper.judge(out.getvalue())
    assert judgement.verdict is Verdict.GENUINE
    assert judgement.stamps[0].covers is Covers.REVISION
    (archive,) = judgement.other_signatures
    assert archive.time_stamp_only
    assert archive.intact


def test_an_invisible_stamp_is_genuine_and_has_no_place(stamper: Stamper) -> None:
    judgement = stamper.judge(stamp(letter(), stamper, visible=False))
    assert judgement.verdict is Verdict.GENUINE
    assert judgement.stamps[0].box is None


def _sign(
    data: bytes,
    name: str,
    *,
    box: tuple[int, int, int, int] | None = None,
    ignore_certification: bool = False,
) -> bytes:
    """Budi's own signature, unrelated to any stamp."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    signer = PdfSigner(
        PdfSignatureMetadata(field_name=name, reason="Setuju", md_algorithm="sha256"),
        signer=stranger(),
        new_field_spec=SigFieldSpec(sig_field_name=name, box=box),
    )
    if ignore_certification:
        parameters = writer.root["/Perms"]["/DocMDP"]["/Reference"][0]["/TransformParams"]
        parameters["/P"] = generic.NumberObject(MDPPerm.FILL_FORMS.value)
    out = io.BytesIO()
    signer.sign_pdf(writer, output=out)
    return out.getvalue()


def test_stamps_of_a_replaced_root_are_genuine_while_both_roots_are_pinned(
    stamper: Stamper, other_stamper: Stamper, stamped: bytes
) -> None:
    both_roots = Trust(roots_pem=other_stamper.trust.roots_pem + stamper.trust.roots_pem)
    assert judge(JudgeRequest(data=stamped, trust=both_roots, moment=NOW)).verdict is Verdict.GENUINE
