"""Mallory's forgeries, class by class: none may be judged genuine."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

import pikepdf
import pytest
from asn1crypto import cms, core
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name, pdf_string
from pyhanko.sign.signers import SimpleSigner

from meterai.signatures.certificate_chain import load_roots
from meterai.verification.in_jail import judge
from meterai.verification.in_jail.document import open_document
from meterai.verification.in_jail.own_forms import Trusted
from meterai.verification.in_jail.stamps import examine
from meterai.verification.model import SEAL_HOLDS, JudgeRequest, Trust, Verdict
from tests.verification.making import (
    NOW,
    SECOND,
    SERIAL,
    Stamper,
    append_revision,
    byte_range,
    certificate,
    letter,
    numbers,
    override_signature,
    private_key,
    replace_cms,
    self_made,
    stamp,
    store,
    stranger,
    to_asn1,
)

Dictionary = generic.DictionaryObject


def _set(key: str, value: Callable[[Dictionary], generic.PdfObject] | None) -> Callable[[Dictionary], None]:
    def edit(dictionary: Dictionary) -> None:
        if value is None:
            del dictionary[key]
        else:
            dictionary[key] = value(dictionary)

    return edit


def _shifted(*shifts: int) -> Callable[[Dictionary], generic.PdfObject]:
    return lambda d: numbers(*(int(n) + s for n, s in zip(d["/ByteRange"], shifts, strict=True)))


TRICKS: dict[str, Callable[[Dictionary], None]] = {
    "contents missing": _set("/Contents", None),
    "contents null": _set("/Contents", lambda _: generic.NullObject()),
    "contents empty": _set("/Contents", lambda _: generic.ByteStringObject(b"")),
    "contents zero": _set("/Contents", lambda _: generic.ByteStringObject(b"\x00")),
    "contents a number": _set("/Contents", lambda _: generic.NumberObject(0)),
    "contents another structure": _set(
        "/Contents", lambda _: generic.ByteStringObject(b"\x30\x03\x02\x01\x00")
    ),
    "byte range missing": _set("/ByteRange", None),
    "byte range null": _set("/ByteRange", lambda _: generic.NullObject()),
    "byte range empty": _set("/ByteRange", lambda _: generic.ArrayObject()),
    "byte range of two": _set("/ByteRange", lambda d: numbers(*[int(n) for n in d["/ByteRange"]][:2])),
    "byte range of three": _set("/ByteRange", lambda d: numbers(*[int(n) for n in d["/ByteRange"]][:3])),
    "byte range of six": _set("/ByteRange", lambda d: numbers(*[int(n) for n in d["/ByteRange"]], 9, 9)),
    "byte range of words": _set(
        "/ByteRange", lambda d: generic.ArrayObject(pdf_string(str(n)) for n in d["/ByteRange"])
    ),
    "byte range negative": _set(
        "/ByteRange", lambda d: numbers(0, -1, *[int(n) for n in d["/ByteRange"]][2:])
    ),
    "byte range not from the start": _set("/ByteRange", _shifted(1, -1, 0, 0)),
    "byte range overlapping": _set("/ByteRange", _shifted(0, 0, -40000, 0)),
    "gap wider than contents": _set("/ByteRange", _shifted(0, -10, 0, 0)),
    "gap reaching further": _set("/ByteRange", _shifted(0, 0, 10, -10)),
    "beyond the end": _set("/ByteRange", _shifted(0, 0, 0, 100000)),
    "short of the end": _set("/ByteRange", _shifted(0, 0, 0, -20)),
    "all zeros": _set("/ByteRange", lambda _: numbers(0, 0, 0, 0)),
    "another reason": _set("/Reason", lambda _: pdf_string(f"[{SECOND}] Bea meterai")),
    "another kind": _set("/SubFilter", lambda _: pdf_name("/adbe.x509.rsa_sha1")),
    "no kind": _set("/SubFilter", None),
    "other type": _set("/Type", lambda _: pdf_name("/DocTimeStamp")),
    "empty": lambda d: [d.__delitem__(key) for key in list(d)] and None,
}


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize("certify", [True, False])
def test_a_tricky_signature_dictionary_is_never_genuine(
    stamper: Stamper, stamped: bytes, trick: str, certify: bool
) -> None:
    base = stamped if certify else stamp(letter(), stamper, certify=None)
    judgement = stamper.judge(override_signature(base, TRICKS[trick]))
    assert judgement.verdict is Verdict.NOT_GENUINE, judgement.reasons


def test_a_stamp_transplanted_to_another_file_is_not_genuine(stamper: Stamper, stamped: bytes) -> None:
    other = stamp(letter("Surat lamaran yang lain sama sekali"), stamper, SECOND)
    _, start, end, _ = byte_range(stamped)
    _, begin, finish, _ = byte_range(other)
    gap = stamped[start + 1 : end - 1][: finish - begin - 2].ljust(finish - begin - 2, b"0")
    forged = other[: begin + 1] + gap + other[finish - 1 :]
    judgement = stamper.judge(forged)
    assert judgement.verdict is Verdict.NOT_GENUINE
    assert judgement.reasons == ("signature.broken",)


def test_a_transplanted_dictionary_with_its_byte_range_is_not_genuine(
    stamper: Stamper, stamped: bytes
) -> None:
    """The victim's whole signature dictionary is put into Mallory's document."""
    with pikepdf.open(io.BytesIO(stamped)) as pdf:
        field = pdf.Root.AcroForm.Fields[0]
        contents, reason = bytes(field.V.Contents), str(field.V.Reason)
    mine = letter("Surat Mallory")

    def plant(writer: object) -> None:
        value = writer.add_object(  # type: ignore[attr-defined]
            Dictionary(
                {
                    pdf_name("/Type"): pdf_name("/Sig"),
                    pdf_name("/Filter"): pdf_name("/Adobe.PPKLite"),
                    pdf_name("/SubFilter"): pdf_name("/ETSI.CAdES.detached"),
                    pdf_name("/Contents"): generic.ByteStringObject(contents),
                    pdf_name("/ByteRange"): numbers(*byte_range(stamped)),
                    pdf_name("/Reason"): pdf_string(reason),
                }
            )
        )
        field = writer.add_object(  # type: ignore[attr-defined]
            Dictionary(
                {
                    pdf_name("/FT"): pdf_name("/Sig"),
                    pdf_name("/T"): pdf_string(f"Emet{SERIAL}"),
                    pdf_name("/V"): value,
                }
            )
        )
        writer.root["/AcroForm"] = Dictionary({pdf_name("/Fields"): generic.ArrayObject([field])})  # type: ignore[attr-defined]
        writer.update_root()  # type: ignore[attr-defined]

    judgement = stamper.judge(append_revision(mine, plant))
    assert judgement.verdict is Verdict.NOT_GENUINE
    assert judgement.reasons == ("stamp.saved_again",)


def test_the_victims_file_carried_inside_anothers_is_not_genuine(stamper: Stamper, stamped: bytes) -> None:
    """Signature wrapping: the signed bytes are still there, but the reader starts elsewhere."""
    mine = letter("Surat Mallory")
    assert stamper.judge(stamped + mine).verdict not in SEAL_HOLDS
    assert stamper.judge(mine + stamped).verdict not in SEAL_HOLDS


def test_of_two_stamps_one_of_them_transplanted_fails_the_file(stamper: Stamper, twice: bytes) -> None:
    other = stamp(letter("Lain"), stamper)
    _, start, end, _ = byte_range(other)
    content = cms.ContentInfo.load(bytes.fromhex(other[start + 1 : end - 1].decode())).dump()
    forged = replace_cms(twice, lambda _: content)
    judgement = stamper.judge(forged)
    assert judgement.verdict is Verdict.NOT_GENUINE
    assert [s.intact for s in judgement.stamps] == [True, False]


def test_a_home_made_stamp_is_not_genuine(stamper: Stamper) -> None:
    forged = stamp(letter(), stamper, signer=stranger("Meterai Elektronik 10000 G1 Peruri"))
    judgement = stamper.judge(forged)
    assert judgement.verdict is Verdict.NOT_GENUINE
    assert judgement.reasons == ("chain.self_signed",)
    assert judgement.stamps[0].foreign
    assert judgement.stamps[0].intact


def test_a_stamp_of_another_issuer_is_described_and_not_judged(stamper: Stamper) -> None:
    authority = self_made("Emeterai Intermediary CA", authority=True)
    foreign = stamp(
        letter(), stamper, signer=stranger("Meterai Elektronik 10000 G1 Peruri", issuer=authority)
    )
    judgement = stamper.judge(foreign)
    assert judgement.verdict is Verdict.CANNOT_CHECK
    assert judgement.reasons == ("stamp.foreign_issuer",)
    (found,) = judgement.stamps
    assert (found.serial, found.signer) == (SERIAL, "Meterai Elektronik 10000 G1 Peruri")
    assert found.foreign
    assert found.intact


def test_a_changed_stamp_of_another_issuer_is_not_genuine(stamper: Stamper) -> None:
    authority = self_made("Emeterai Intermediary CA", authority=True)
    foreign = stamp(letter(), stamper, signer=stranger("Peruri", issuer=authority))
    position = foreign.index(b"stream") + 20
    judgement = stamper.judge(foreign[:position] + b"!" + foreign[position + 1 :])
    assert judgement.verdict is Verdict.NOT_GENUINE


def test_our_names_on_another_key_are_recognised(stamper: Stamper, other_stamper: Stamper) -> None:
    judgement = stamper.judge(stamp(letter(), other_stamper))
    assert judgement.verdict is Verdict.NOT_GENUINE
    assert judgement.reasons == ("chain.impostor",)


def test_our_signers_names_over_our_real_intermediate_are_recognised(stamper: Stamper) -> None:
    real = x509.load_pem_x509_certificate((stamper.folder / "stamp.pem").read_bytes())
    forger = stranger(names_of=real)
    forger.cert_registry.register(certificate(stamper.folder / "intermediate.pem"))
    judgement = stamper.judge(stamp(letter(), stamper, signer=forger))
    assert judgement.verdict is Verdict.NOT_GENUINE
    assert judgement.reasons == ("chain.impostor",)


@pytest.mark.parametrize("name", ["tsa", "intermediate", "root"])
def test_another_certificate_of_our_chain_may_not_stamp(stamper: Stamper, name: str) -> None:
    signer = SimpleSigner(
        signing_cert=certificate(stamper.folder / f"{name}.pem"),
        signing_key=private_key(stamper.folder / f"{name}.key.pem"),
        cert_registry=store(certificate(stamper.folder / "intermediate.pem")),
    )
    assert stamper.judge(stamp(letter(), stamper, signer=signer)).verdict is Verdict.NOT_GENUINE


def test_a_stamp_made_after_its_certificate_ended_is_not_genuine(stamper: Stamper) -> None:
    late = NOW + timedelta(days=365 * 6)
    forged = stamp(letter(), stamper, time_stamper=stamper.time_stamper(late))
    assert stamper.judge(forged, late + timedelta(days=1)).verdict is Verdict.NOT_GENUINE


def test_a_stamp_without_a_time_stamp_cannot_be_checked(stamper: Stamper) -> None:
    judgement = stamper.judge(stamp(letter(), stamper, time_stamper=None))
    assert judgement.verdict is Verdict.CANNOT_CHECK
    assert judgement.reasons == ("time_stamp.missing",)
    assert judgement.stamps[0].intact


def test_a_time_stamp_that_was_taken_out_leaves_the_third_verdict(stamper: Stamper, stamped: bytes) -> None:
    def take_out(content: cms.ContentInfo) -> bytes:
        del content["content"]["signer_infos"][0]["unsigned_attrs"]
        return bytes(content.dump(force=True))

    assert stamper.judge(replace_cms(stamped, take_out)).verdict is Verdict.CANNOT_CHECK


def test_a_time_stamp_of_another_signature_is_not_genuine(stamper: Stamper, stamped: bytes) -> None:
    other = stamp(letter("Lain"), stamper)
    _, start, end, _ = byte_range(other)
    token = cms.ContentInfo.load(bytes.fromhex(other[start + 1 : end - 1].decode()))["content"]
    attributes = token["signer_infos"][0]["unsigned_attrs"]

    def swap(content: cms.ContentInfo) -> bytes:
        content["content"]["signer_infos"][0]["unsigned_attrs"] = attributes.copy()
        return bytes(content.dump(force=True))

    judgement = stamper.judge(replace_cms(stamped, swap))
    assert judgement.verdict is Verdict.NOT_GENUINE
    assert judgement.reasons == ("time_stamp.broken",)


def test_a_time_stamp_of_a_stranger_cannot_be_checked(stamper: Stamper, other_stamper: Stamper) -> None:
    judgement = stamper.judge(stamp(letter(), stamper, time_stamper=other_stamper.time_stamper()))
    assert judgement.verdict is Verdict.CANNOT_CHECK
    assert judgement.reasons == ("time_stamp.unknown_issuer",)


def test_a_time_stamp_from_the_future_cannot_be_checked(stamper: Stamper, stamped: bytes) -> None:
    """Nobody but a trusted authority made it, and more often it is the checking computer's clock."""
    assert stamper.judge(stamped, NOW - timedelta(minutes=4)).verdict is Verdict.GENUINE
    judgement = stamper.judge(stamped, NOW - timedelta(days=2))
    assert judgement.verdict is Verdict.CANNOT_CHECK
    assert judgement.reasons == ("time_stamp.future",)


@pytest.mark.parametrize(
    ("reason", "name"),
    [
        ("Bea meterai", f"Emet{SERIAL}"),
        (f"[{SECOND}] Bea meterai", f"Emet{SERIAL}"),
        (f"[{SERIAL}] Bea meterai", "Signature1"),
        ("[AAAAAAAAAAAAAAAAAAAAAA] x", "EmetAAAAAAAAAAAAAAAAAAAAAA"),
        (f"[{SERIAL.lower()}] x", f"Emet{SERIAL}"),
        (f"x [{SERIAL}] x", f"Emet{SERIAL}"),
    ],
)
def test_a_serial_number_missing_wrong_or_contradictory_is_not_genuine(
    stamper: Stamper, reason: str, name: str
) -> None:
    """Even signed by our own key: the key never signs such a file."""
    judgement = stamper.judge(stamp(letter(), stamper, reason=reason, name=name))
    assert judgement.verdict is Verdict.NOT_GENUINE
    assert judgement.reasons == ("stamp.serial",)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("/Type", "/Other"),
        ("/Filter", "/Mallory"),
        ("/SubFilter", "/adbe.pkcs7.detached"),
        ("/SubFilter", ""),
    ],
)
def test_a_dictionary_of_another_form_than_ours_is_noticed(
    stamper: Stamper, stamped: bytes, key: str, value: str
) -> None:
    """Nobody but our key could have signed it."""
    document = open_document(stamped)
    (signature,) = document.signatures
    trust = Trusted(roots=load_roots(stamper.trust.roots_pem), moment=NOW)
    assert examine(document, signature, trust).report.problems == ()
    if value:
        signature.object[pdf_name(key)] = pdf_name(value)
    else:
        del signature.object[key]
    assert examine(document, signature, trust).report.problems == ("signature.form",)


def test_of_two_stamps_one_of_an_impossible_shape_fails_the_file(stamper: Stamper, twice: bytes) -> None:
    judgement = stamper.judge(override_signature(twice, TRICKS["byte range missing"]))
    assert judgement.verdict is Verdict.NOT_GENUINE
    assert "signature.byte_range" in judgement.reasons


def test_the_same_serial_number_twice_is_not_genuine(stamper: Stamper) -> None:
    once = stamp(letter(), stamper, certify=None)

    def rename(writer: object) -> None:
        field = writer.root["/AcroForm"]["/Fields"][0]  # type: ignore[attr-defined]
        field["/T"] = pdf_string("Emet")
        writer.update_container(field)  # type: ignore[attr-defined]

    renamed = append_revision(once, rename)
    judgement = stamper.judge(stamp(renamed, stamper, certify=None))
    assert judgement.verdict is Verdict.NOT_GENUINE
    assert "stamp.serial_twice" in judgement.reasons, judgement.reasons


def test_a_further_unsigned_attribute_is_a_foreign_body(stamper: Stamper, stamped: bytes) -> None:
    """A serial number, or anything else, that stands only where no signature reaches."""

    def smuggle(content: cms.ContentInfo) -> bytes:
        attributes = content["content"]["signer_infos"][0]["unsigned_attrs"]
        attributes.append(cms.CMSAttribute({"type": "1.2.3.4", "values": [core.UTF8String(SECOND)]}))
        return bytes(content.dump(force=True))

    judgement = stamper.judge(replace_cms(stamped, smuggle))
    assert judgement.verdict is Verdict.NOT_GENUINE
    assert judgement.reasons == ("signature.form",)


def test_a_further_certificate_is_a_foreign_body(stamper: Stamper, stamped: bytes) -> None:
    extra, _ = self_made("Mallory")

    def smuggle(content: cms.ContentInfo) -> bytes:
        certificates = content["content"]["certificates"]
        certificates.append(cms.CertificateChoices("certificate", to_asn1(extra)))
        return bytes(content.dump(force=True))

    judgement = stamper.judge(replace_cms(stamped, smuggle))
    assert judgement.verdict is Verdict.NOT_GENUINE
    assert judgement.reasons == ("chain.foreign_body",)


def test_bytes_hidden_in_the_padding_are_noticed(stamper: Stamper, stamped: bytes) -> None:
    _, _, end, _ = byte_range(stamped)
    forged = stamped[: end - 5] + b"1234" + stamped[end - 1 :]
    judgement = stamper.judge(forged)
    assert judgement.verdict is Verdict.NOT_GENUINE
    assert judgement.reasons == ("signature.form",)


def test_a_pasted_picture_of_a_stamp_is_no_stamp(stamper: Stamper) -> None:
    judgement = stamper.judge(letter(f"METERAI ELEKTRONIK 10000 {SERIAL}"))
    assert judgement.verdict is Verdict.NO_STAMP
    assert judgement.reasons == ("stamp.none",)
    assert judgement.stamps == ()


def test_a_document_signed_by_somebody_is_described_and_carries_no_stamp(stamper: Stamper) -> None:
    signed = stamp(
        letter(), stamper, signer=stranger(), reason="Setuju", name="Budi", time_stamper=None, certify=None
    )
    judgement = stamper.judge(signed)
    assert judgement.verdict is Verdict.NO_STAMP
    assert judgement.reasons == ("stamp.none", "note.other_signature")
    (other,) = judgement.other_signatures
    assert (other.signer, other.reason, other.intact) == ("Budi Santoso", "Setuju", True)


def test_one_broken_signature_of_a_stranger_fails_the_file(stamper: Stamper) -> None:
    signed = stamp(
        letter(), stamper, signer=stranger(), reason="Setuju", name="Budi", time_stamper=None, certify=None
    )
    position = signed.index(b"stream") + 20
    broken = signed[:position] + bytes([signed[position] ^ 1]) + signed[position + 1 :]
    judgement = stamper.judge(stamp(broken, stamper, certify=None))
    assert judgement.verdict is Verdict.NOT_GENUINE
    assert judgement.reasons[0] == "signature.broken"


def test_without_the_right_root_nothing_is_genuine(stamped: bytes) -> None:
    nobody, _ = self_made("Akar lain", authority=True)
    trust = Trust(roots_pem=(nobody.public_bytes(Encoding.PEM).decode(),))
    judgement = judge(JudgeRequest(data=stamped, trust=trust, moment=NOW))
    assert judgement.verdict is Verdict.CANNOT_CHECK
    assert judgement.stamps[0].foreign
