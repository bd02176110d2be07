"""Stamps by hash: adapters of other makers build the file, and only the register makes it genuine."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest
from asn1crypto import algos, cms, core
from asn1crypto import pdf as asn1_pdf
from PIL import Image
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, append_signature_field

from meterai.kernel.refusals import Refusal
from meterai.kernel.serial_number import SerialNumber
from meterai.pdf.own_page import stamped_own_page
from meterai.signatures.hash_attributes import HASH_POLICY_OID
from meterai.signatures.stamp_code import encode_code
from meterai.verification.model import (
    Judgement,
    RegisterAnswer,
    StampReport,
    Verdict,
)
from meterai.verification.queries import Gap, Released, SerialEntry, SignedHash
from meterai.verification.reasons import holds_by_itself
from meterai.verification.register import compare, with_details
from meterai.verification.use_cases.judge_document import judge_document
from meterai.verification.use_cases.look_up_serial import look_up_serial
from meterai.verification.use_cases.vouch_for_stamps import vouch_for_stamps
from tests.attacks.looks import barred, code_picture, picture_of_stamp
from tests.attacks.signing import BLANK, TEXT, signed_by_somebody
from tests.storage_fixtures import TestDatabase
from tests.verification.adapter_of_others import PLAIN, Adapter, RemoteSigner, signing_with
from tests.verification.making import (
    NOW,
    SECOND,
    SERIAL,
    OpenJail,
    Stamper,
    append_revision,
    byte_range,
    certificate,
    field,
    letter,
    replace_cms,
    self_made,
    stamp,
    to_asn1,
)
from tests.verification.pyhanko_says import agrees

LATER = NOW + timedelta(hours=1)
GAP = Gap(NOW - timedelta(minutes=1), NOW)
ADAPTER = Adapter()


@pytest.fixture(scope="module")
def by_hash(stamper: Stamper) -> bytes:
    return ADAPTER.stamp(letter(), stamper)


def asked(judgement: Judgement, *hashes: SignedHash, gaps: tuple[Gap, ...] = (), **states: str) -> Judgement:
    """The judgement once the register was asked. Without `hashes` it knows those of the file as newest."""
    known = {stamp.serial: "used" if stamp.by_hash else "released" for stamp in judgement.stamps} | states
    entries = {s: SerialEntry(serial=s, state=state, released_at=NOW) for s, state in known.items() if state}
    signed = [one for s in judgement.stamps if s.by_hash for one in [newest(s)]]
    return compare(judgement, [], entries, gaps, hashes or signed)


def newest(stamp: StampReport) -> SignedHash:
    return SignedHash(serial=stamp.serial, message_digest=stamp.message_digest, is_newest=True)


REVOCATION = ("adobe_revocation_info_archival", [asn1_pdf.RevocationInfoArchival({"crl": []})])
"""What an adapter in the field adds to plain attributes."""
KINDS = {
    "PAdES": Adapter(careful=True),
    "plain": Adapter(subfilter=PLAIN, careful=True),
    "with revocation data": Adapter(subfilter=PLAIN, more=(REVOCATION,), careful=True),
}


@pytest.mark.parametrize("adapter", KINDS.values(), ids=KINDS)
def test_a_stamp_by_hash_needs_the_register_and_other_programs_find_it_valid(
    stamper: Stamper, adapter: Adapter, tmp_path: Path
) -> None:
    data = adapter.stamp(letter(), stamper)
    judgement = stamper.judge(data)
    assert (judgement.verdict, judgement.reasons) == (Verdict.CANNOT_CHECK, ("stamp.by_hash",))
    (found,) = judgement.stamps
    assert (found.serial, found.by_hash, found.foreign, found.intact) == (SERIAL, True, False, True)
    assert (found.stamped_at, found.page, found.problems) == (NOW, 1, ("stamp.by_hash",))
    assert found.message_digest == covered(data)
    confirmed = asked(judgement)
    assert (confirmed.verdict, confirmed.register) == (Verdict.GENUINE, RegisterAnswer.CONFIRMED)
    assert confirmed.reasons == ("genuine", "register.confirmed")
    assert confirmed.stamps[0].problems == ()
    agrees(data, confirmed, stamper.trust.roots_pem)
    path = tmp_path / "by_hash.pdf"
    path.write_bytes(data)
    assert shutil.which("pdfsig")
    said = subprocess.run(["pdfsig", "-nocert", path], capture_output=True, text=True).stdout
    assert "Signature is Valid." in said
    assert "Total document signed" in said


def covered(data: bytes) -> str:
    _, gap, after, _ = byte_range(data)
    return hashlib.sha256(data[:gap] + data[after:]).hexdigest()


def test_the_order_of_certificates_and_the_name_of_the_mechanism_are_the_adapters(
    stamper: Stamper, by_hash: bytes
) -> None:
    one, other = (certificate(stamper.folder / f"{name}.pem").dump() for name in ("hash", "intermediate"))

    def edited(mechanism: str, first: bytes, second: bytes) -> bytes:
        def edit(content: cms.ContentInfo) -> bytes:
            signer = content["content"]["signer_infos"][0]
            signer["signature_algorithm"] = algos.SignedDigestAlgorithm({"algorithm": mechanism})
            dumped = content.dump(force=True)
            return bytes(dumped.replace(first + second, second + first))

        return replace_cms(by_hash, edit)

    names = ("rsassa_pkcs1v15", "sha256_rsa")
    files = {edited(name, *pair) for name in names for pair in ((one, other), (other, one))}
    assert len(files) == 4
    for data in files:
        judgement = stamper.judge(data)
        assert judgement.reasons == ("stamp.by_hash",)
        assert asked(judgement).verdict is Verdict.GENUINE


OTHER = "0" * 64


@pytest.mark.parametrize(
    ("digest", "is_newest", "state", "code"),
    [
        ("", False, "used", "register.older_hash"),
        (OTHER, True, "used", "register.other_document"),
        ("", True, "released", "register.other_document"),
        ("", True, "annulled", "register.annulled"),
        ("", True, "unstamped", "register.not_released"),
        ("", True, "allocated", "register.not_released"),
        ("", True, "", "register.unknown_serial"),
    ],
)
def test_the_register_contradicts_any_hash_but_the_newest_of_a_used_serial_number(
    stamper: Stamper, by_hash: bytes, digest: str, is_newest: bool, state: str, code: str
) -> None:
    judgement = stamper.judge(by_hash)
    signed = SignedHash(
        serial=SERIAL, message_digest=digest or judgement.stamps[0].message_digest, is_newest=is_newest
    )
    found = asked(judgement, signed, **{SERIAL: state})
    assert (found.verdict, found.register) == (Verdict.NOT_GENUINE, RegisterAnswer.CONTRADICTS)
    assert found.reasons == (code,)


def test_hashes_of_another_serial_number_confirm_nothing(stamper: Stamper, by_hash: bytes) -> None:
    judgement = stamper.judge(by_hash)
    other = msgspec.structs.replace(newest(judgement.stamps[0]), serial=SECOND)
    assert asked(judgement, other).reasons == ("register.other_document",)


def test_a_seal_of_ours_on_a_serial_number_that_was_used_outside_is_not_genuine(
    stamper: Stamper, stamped: bytes
) -> None:
    judgement = stamper.judge(stamped)
    signed = SignedHash(serial=SERIAL, message_digest=covered(stamped), is_newest=True)
    found = asked(judgement, signed, **{SERIAL: "used"})
    assert (found.verdict, found.reasons) == (Verdict.NOT_GENUINE, ("register.other_document",))


def test_a_hash_that_the_register_may_have_lost_is_not_called_forged(
    stamper: Stamper, by_hash: bytes
) -> None:
    judgement = stamper.judge(by_hash)
    for state in ("unstamped", ""):
        found = asked(judgement, gaps=(GAP,), **{SERIAL: state})
        assert (found.register, found.reasons) == (RegisterAnswer.UNKNOWN, ("register.lost",))


@pytest.mark.parametrize("authority", ["none", "foreign"])
def test_without_a_time_stamp_that_we_trust_it_can_not_be_checked_with_the_register_either(
    stamper: Stamper, other_stamper: Stamper, authority: str
) -> None:
    code = {"none": "time_stamp.missing", "foreign": "time_stamp.unknown_issuer"}[authority]
    adapter = Adapter(time_stamped=authority != "none")
    foreign = other_stamper.time_stamper() if authority == "foreign" else None
    judgement = stamper.judge(adapter.stamp(letter(), stamper, time_stamper=foreign))
    assert (judgement.verdict, judgement.reasons) == (Verdict.CANNOT_CHECK, ("stamp.by_hash", code))
    found = asked(judgement)
    assert (found.verdict, found.reasons) == (Verdict.CANNOT_CHECK, (code, "register.confirmed"))
    assert found.register is RegisterAnswer.CONFIRMED


def swapped(data: bytes, stamper: Stamper, name: str) -> bytes:
    """Another certificate of ours in the place of the signer's."""

    def edit(content: cms.ContentInfo) -> bytes:
        wanted, signed = certificate(stamper.folder / f"{name}.pem"), content["content"]
        kept = certificate(stamper.folder / "intermediate.pem")
        signed["certificates"] = cms.CertificateSet(
            [cms.CertificateChoices("certificate", c) for c in (wanted, kept)]
        )
        signer = signed["signer_infos"][0]
        signer["sid"].chosen["issuer"] = wanted.issuer
        signer["sid"].chosen["serial_number"] = wanted.serial_number
        return bytes(content.dump(force=True))

    return replace_cms(data, edit)


def with_unsigned(data: bytes) -> bytes:
    def edit(content: cms.ContentInfo) -> bytes:
        signer = content["content"]["signer_infos"][0]
        other = cms.CMSAttribute({"type": "1.2.3.4", "values": [core.OctetString(b"free")]})
        signer["unsigned_attrs"] = cms.CMSAttributes([*signer["unsigned_attrs"], other])
        return bytes(content.dump(force=True))

    return replace_cms(data, edit)


def with_certificate(data: bytes, stamper: Stamper) -> bytes:
    def edit(content: cms.ContentInfo) -> bytes:
        further = cms.CertificateChoices("certificate", certificate(stamper.folder / "tsa.pem"))
        content["content"]["certificates"].append(further)
        return bytes(content.dump(force=True))

    return replace_cms(data, edit)


def transplanted(data: bytes, other: bytes) -> bytes:
    """The signature of `data` in a file of the same shape."""
    (_, start, end, _), (_, begin, finish, _) = byte_range(data), byte_range(other)
    assert end - start == finish - begin
    return other[:begin] + data[start:end] + other[finish:]


def changed(data: bytes) -> bytes:
    place = re.search(rb"/MediaBox \[0 0 5", data)
    assert place
    return data[: place.end() - 1] + b"4" + data[place.end() :]


def renamed(writer: IncrementalPdfFileWriter) -> None:
    writer.root["/PageMode"] = pdf_name("/UseOutlines")
    writer.update_root()


def marked(stamper: Stamper) -> bytes:
    """A certificate of Mallory's own bears the mark."""
    made, key = self_made("Meterai Elektronik Hash", policy=HASH_POLICY_OID)
    return ADAPTER.stamp(letter(), stamper, signer=RemoteSigner(signing_with(key), [to_asn1(made)]))


DEARER = "Surat pernyataan: jumlah Rp90.000.000"
Forgery = Callable[[Stamper, Stamper, bytes], bytes]
DIGESTS = [core.OctetString(bytes(32)), core.OctetString(bytes(32))]
FORGERIES: dict[str, tuple[Forgery, str]] = {
    "a changed byte": (lambda s, _, data: changed(data), "signature.broken"),
    "copied into another file": (
        lambda s, _, data: transplanted(
            data, ADAPTER.stamp(letter("Surat pernyataan: jumlah Rp90.000.000"), s)
        ),
        "signature.broken",
    ),
    "the seal's certificate": (lambda s, _, data: swapped(data, s, "stamp"), "signature.broken"),
    "a seal under the certificate for hashes": (
        lambda s, _, data: swapped(stamp(letter(), s, certify=None), s, "hash"),
        "signature.broken",
    ),
    "the seal's key": (lambda s, _, data: Adapter(key="stamp").stamp(letter(), s), "signature.broken"),
    "an adapter's file by the seal's key and certificate": (
        lambda s, _, data: Adapter(key="stamp", certificate="stamp", subfilter=PLAIN).stamp(letter(), s),
        "signature.broken",
    ),
    "the mark under another root": (lambda s, other, data: ADAPTER.stamp(letter(), other), "chain.impostor"),
    "the mark in one's own certificate": (lambda s, _, data: marked(s), "chain.self_signed"),
    "a second message digest": (
        lambda s, _, data: Adapter(more=(("message_digest", DIGESTS[:1]),)).stamp(letter(), s),
        "signature.broken",
    ),
    "a further signed attribute": (
        lambda s, _, data: Adapter(more=(("1.2.3.4", [core.OctetString(b"more")]),)).stamp(letter(), s),
        "signature.form",
    ),
    "another digest": (lambda s, _, data: Adapter(digest="sha512").stamp(letter(), s), "signature.broken"),
    "a further unsigned attribute": (lambda s, _, data: with_unsigned(data), "signature.form"),
    "a further certificate": (lambda s, _, data: with_certificate(data, s), "chain.foreign_body"),
    "another serial number in the reason": (
        lambda s, _, data: ADAPTER.stamp(letter(), s, reason=f"[{SECOND}] Perjanjian"),
        "stamp.serial",
    ),
    "a later change": (lambda s, _, data: append_revision(data, renamed), "file.changed_after"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_stamp_by_hash_is_not_genuine_whatever_the_register_says(
    stamper: Stamper, other_stamper: Stamper, by_hash: bytes, name: str
) -> None:
    forge, code = FORGERIES[name]
    data = forge(stamper, other_stamper, by_hash)
    judgement = stamper.judge(data)
    assert judgement.verdict is Verdict.NOT_GENUINE
    assert judgement.reasons[0] == code
    assert asked(judgement).verdict is Verdict.NOT_GENUINE


def test_what_others_sign_later_is_an_addition(stamper: Stamper, by_hash: bytes) -> None:
    judgement = stamper.judge(signed_by_somebody(by_hash, box=BLANK))
    assert judgement.verdict is Verdict.CANNOT_CHECK
    found = asked(judgement)
    assert (found.verdict, found.sealed_bytes) == (Verdict.WITH_ADDITIONS, len(by_hash))
    assert found.reasons[:2] == ("file.additions", "register.confirmed")
    over = stamper.judge(signed_by_somebody(by_hash, box=TEXT))
    assert asked(over).reasons[0] == "file.changed_after"


def test_nobody_signs_a_file_that_its_adapter_closed(stamper: Stamper) -> None:
    final = Adapter(certify=MDPPerm.NO_CHANGES).stamp(letter(), stamper)
    assert asked(stamper.judge(final)).verdict is Verdict.GENUINE
    later = signed_by_somebody(final, box=BLANK, forced=True)
    assert asked(stamper.judge(later)).reasons[0] == "file.changed_after"


def code_of(serial: SerialNumber) -> Image.Image:
    """The 2-D code of a stamp, alone."""
    day = date(2024, 9, 4)
    return code_picture(encode_code("https://meterai.example", serial, day, key_id=1, signature=bytes(64)))


OWN = barred(picture_of_stamp(stamped_own_page()))
BLANKLY = (60, 300)
SECONDS = {
    "a picture of a stamp": (Adapter(picture=OWN, at=BLANKLY), Verdict.WITH_ADDITIONS, "file.additions"),
    "its own code": (Adapter(picture=code_of(SECOND), at=BLANKLY), Verdict.WITH_ADDITIONS, "file.additions"),
    "another's code": (
        Adapter(picture=code_of(SERIAL), at=BLANKLY),
        Verdict.NOT_GENUINE,
        "file.changed_after",
    ),
    "over the text": (Adapter(at=(60, 720)), Verdict.NOT_GENUINE, "file.changed_after"),
    "behind the text": (Adapter(at=(345, 735)), Verdict.CANNOT_CHECK, "addition.unclear"),
    "over the first stamp": (Adapter(at=(320, 120)), Verdict.NOT_GENUINE, "file.changed_after"),
}


@pytest.mark.everyday(one_in=3)
@pytest.mark.parametrize("name", SECONDS)
@pytest.mark.parametrize("first", ["by hash", "seal"])
def test_a_second_stamp_by_hash_is_an_addition_whose_face_others_drew(
    stamper: Stamper, by_hash: bytes, name: str, first: str
) -> None:
    adapter, verdict, code = SECONDS[name]
    before = by_hash if first == "by hash" else stamp(letter(), stamper, certify=None)
    judgement = stamper.judge(adapter.stamp(before, stamper, SECOND))
    assert judgement.verdict is not Verdict.GENUINE
    assert not holds_by_itself(judgement.verdict, judgement.reasons) or verdict is Verdict.WITH_ADDITIONS
    found = released(judgement) if first == "seal" else asked(judgement)
    assert (found.verdict, found.reasons[0]) == (verdict, code)
    if verdict is Verdict.WITH_ADDITIONS:
        (addition,) = found.additions
        assert (addition.kind, addition.serial, addition.vouched) == ("stamp", SECOND, True)


def test_fields_of_one_upload_make_no_seal_of_two_stamps_by_hash(stamper: Stamper) -> None:
    """The second stamp's face would not be judged then."""

    def offer(writer: IncrementalPdfFileWriter) -> None:
        append_signature_field(writer, field(SERIAL))
        append_signature_field(writer, SigFieldSpec(sig_field_name=f"Emet{SECOND}", box=TEXT))

    first = ADAPTER.stamp(append_revision(letter(), offer), stamper, existing=True)
    judgement = stamper.judge(ADAPTER.stamp(first, stamper, SECOND, existing=True))
    assert judgement.sealed_bytes == len(first)
    assert [(one.serial, one.offered) for one in judgement.additions] == [(SECOND, True)]
    assert asked(judgement).reasons[0] == "addition.unclear", "it hides text"


def released(judgement: Judgement) -> Judgement:
    """As `asked`, where the register released each seal of ours."""
    seals = [s for s in judgement.stamps if not s.by_hash]
    entries = {
        s.serial: SerialEntry(serial=s.serial, state="used" if s.by_hash else "released", released_at=NOW)
        for s in judgement.stamps
    }
    releases = [
        Released(serial=s.serial, sha256=s.revision_sha256, released_at=NOW, document_pages=1) for s in seals
    ]
    return compare(judgement, releases, entries, (), [newest(s) for s in judgement.stamps if s.by_hash])


def test_a_seal_of_ours_may_follow(stamper: Stamper, by_hash: bytes) -> None:
    """Offline, nothing but the stamp by hash below our seal keeps such a file from being genuine."""
    judgement = stamper.judge(stamp(by_hash, stamper, SECOND, certify=None, at=(180, 100)))
    assert judgement.reasons == ("stamp.by_hash",)
    assert holds_by_itself(judgement.verdict, judgement.reasons)
    assert [one.kind for one in judgement.additions] == ["stamp"]
    assert released(judgement).verdict is Verdict.WITH_ADDITIONS
    alone = stamper.judge(by_hash)
    known = msgspec.structs.replace(alone, stamps=(), reasons=("genuine", "register.confirmed"))
    assert with_details(known, alone, [], {}).reasons == ("register.unknown_serial",)


@pytest.mark.parametrize("end", ["cut", "filled"])
def test_a_stamp_by_hash_takes_no_place_that_a_seal_reserved(
    stamper: Stamper, both: tuple[bytes, bytes], end: str
) -> None:
    """Mallory cuts the file back to the first of two stamps and has a hash signed for the second's place."""
    data = both[0] if end == "cut" else ADAPTER.stamp(both[0], stamper, SECOND)
    assert "stamp.incomplete" in stamper.judge(data).reasons


@pytest.mark.storage
async def test_the_registers_own_words(database: TestDatabase, stamper: Stamper, by_hash: bytes) -> None:
    """As the verifier's role asks: first one hash, then a newer one of the same serial number."""

    async def judged(data: bytes) -> Judgement:
        return await judge_document(database.reader, OpenJail(), data, trust=stamper.trust, now=LATER)

    newer = ADAPTER.stamp(letter("Lagi"), stamper)
    await enter(database, "unstamped")
    assert (await judged(by_hash)).reasons == ("register.not_released",)
    assert (await look_up_serial(database.reader, SERIAL)).state == "unstamped"
    await enter(database, "used", by_hash)
    genuine = await judged(by_hash)
    assert (genuine.verdict, genuine.register) == (Verdict.GENUINE, RegisterAnswer.CONFIRMED)
    assert (await judged(newer)).reasons == ("register.other_document",)
    await vouch_for_stamps(database.reader, OpenJail(), stamper.trust, by_hash, LATER)
    await enter(database, "used", by_hash, newer)
    assert (await judged(by_hash)).reasons == ("register.older_hash",)
    assert (await judged(newer)).verdict is Verdict.GENUINE
    with pytest.raises(Refusal, match=r"pdf\.stamp_not_genuine"):
        await vouch_for_stamps(database.reader, OpenJail(), stamper.trust, by_hash, LATER)
    offline = await judge_document(None, OpenJail(), newer, trust=stamper.trust, now=LATER)
    assert offline.reasons == ("stamp.by_hash", "register.not_asked")


async def enter(database: TestDatabase, state: str, *files: bytes) -> None:
    """Writes the serial number into the register, and the hashes of these files as signed in this order."""
    async with database.owner.transaction():
        await database.owner.execute("SET LOCAL session_replication_role = replica")
        await database.owner.execute(
            "INSERT INTO stamping.serial (serial, state, allocated_at, released_at) VALUES ($1, $2, $3, $4) "
            "ON CONFLICT (serial) DO UPDATE SET state = excluded.state, released_at = excluded.released_at",
            SERIAL,
            state,
            NOW,
            NOW if files else None,
        )
        for number, data in enumerate(files, 1):
            request = uuid.uuid5(uuid.NAMESPACE_OID, f"{number}")
            await database.owner.execute(
                "INSERT INTO stamping.hash_request (id, serial, number, source_sha256, message_digest, "
                "attributes, plain, asked_at) VALUES ($1, $2, $3, $4, $4, 'x', false, $5) "
                "ON CONFLICT DO NOTHING",
                request,
                SERIAL,
                number,
                bytes.fromhex(covered(data)),
                NOW,
            )
            await database.owner.execute(
                "INSERT INTO stamping.hash_signature VALUES ($1, 'key', $2, $3) ON CONFLICT DO NOTHING",
                request,
                bytes(256),
                NOW,
            )
