"""The register: it confirms, it contradicts, or it was not asked; contradicted is never genuine."""

from __future__ import annotations

import hashlib
import io
import json
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import asyncpg
import pytest
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.signers import PdfTimeStamper

from meterai.api import verification as site_api
from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.serial_number import group_serial, readings
from meterai.kit.database import connect
from meterai.signatures.stamp_code import code_message, encode_code
from meterai.stamping.signer.private_keys.code_key import CodeKey
from meterai.verification.model import FaceLimits, Judgement, RegisterAnswer, Verdict
from meterai.verification.reasons import UNEXPECTED
from meterai.verification.use_cases.judge_document import judge_digest, judge_document
from meterai.verification.use_cases.look_up_serial import look_up_code, look_up_serial
from meterai.verification.use_cases.vouch_for_stamps import vouch_for_stamps
from meterai.verifier import routes as verifier_api
from meterai.verifier.routes import VerifierService
from tests.attacks.archive import strange_authority
from tests.attacks.signing import TEXT, signed_by_somebody
from tests.storage_fixtures import TestDatabase
from tests.verification.making import (
    NOW,
    SECOND,
    SERIAL,
    OpenJail,
    Stamper,
    letter,
    self_made,
    stamp,
    stranger,
)

pytestmark = pytest.mark.storage
LATER = NOW + timedelta(hours=1)


async def lose(database: TestDatabase, since: datetime, until: datetime) -> None:
    """The database was restored from a copy of that time."""
    await database.owner.execute("INSERT INTO stamping.register_gap VALUES ($1, $2)", since, until)


@pytest.fixture
def jail() -> OpenJail:
    return OpenJail()


async def enter(
    database: TestDatabase, serial: str, *contents: bytes, state: str = "released", pages: int = 1
) -> None:
    """Writes a serial number and its releases into the register, without the rest of the service."""
    owner = database.owner
    async with owner.transaction():
        await owner.execute("SET LOCAL session_replication_role = replica")
        await owner.execute(
            "INSERT INTO stamping.serial (serial, job_id, ordinal, reservation_id, placement, state, "
            "allocated_at, sealed_at, released_at) VALUES ($1, $2, 1, $3, '{}', $4, $5, $5, $6)",
            serial,
            uuid.uuid4(),
            uuid.uuid4(),
            state,
            NOW,
            NOW if contents else None,
        )
        for version, content in enumerate(contents, 1):
            await owner.execute(
                "INSERT INTO stamping.release"
                " (serial, version, sha256, bytes, pages, document_id, released_at)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7)",
                serial,
                version,
                hashlib.sha256(content).hexdigest(),
                len(content),
                pages,
                uuid.uuid4(),
                NOW,
            )


async def note_document_of(database: TestDatabase, serial: str, notices: list[str]) -> None:
    """Writes the document of a release into the register, with what was found in the upload."""
    owner = database.owner
    async with owner.transaction():
        await owner.execute("SET LOCAL session_replication_role = replica")
        await owner.execute(
            "INSERT INTO stamping.document (id, organisation_id, name, input_object, input_bytes, profile, "
            "inspection, placements, output, created_at, retained_until) "
            "SELECT document_id, $2, 'Surat.pdf', sha256, bytes, 'signed', $3, '[]', '{}', $4, $4 "
            "FROM stamping.release WHERE serial = $1",
            serial,
            uuid.uuid4(),
            json.dumps({"notices": notices}),
            NOW,
        )


async def judged(database: TestDatabase, jail: OpenJail, stamper: Stamper, data: bytes) -> Judgement:
    """As the verifier's own process asks: with the reader's rights only."""
    return await judge_document(database.reader, jail, data, trust=stamper.trust, now=LATER)


async def test_a_released_file_is_genuine_by_its_digest_alone(database: TestDatabase, stamped: bytes) -> None:
    await enter(database, SERIAL, stamped)
    judgement = await judge_digest(database.reader, hashlib.sha256(stamped).hexdigest())
    assert judgement is not None
    assert judgement.verdict is Verdict.GENUINE
    assert judgement.register is RegisterAnswer.CONFIRMED
    assert judgement.fast_path
    assert [(s.serial, s.released_at, s.page) for s in judgement.stamps] == [(SERIAL, NOW, None)]
    assert judgement.pages == 1


async def test_a_digest_says_nothing_of_a_file_that_was_stamped_before(
    database: TestDatabase, stamped: bytes
) -> None:
    """Others may have signed between the two orders. Only the file shows that."""
    await enter(database, SERIAL, stamped)
    await note_document_of(database, SERIAL, ["pdf.notice.stamped_already"])
    assert await judge_digest(database.reader, hashlib.sha256(stamped).hexdigest()) is None


async def test_it_is_opened_to_say_where_its_stamps_stand(
    database: TestDatabase, stamper: Stamper, jail: OpenJail, twice: bytes
) -> None:
    await enter(database, SERIAL, twice, pages=2)
    await enter(database, SECOND, twice, pages=2)
    judgement = await judged(database, jail, stamper, twice)
    assert judgement.verdict is Verdict.GENUINE
    assert judgement.fast_path
    assert {(s.serial, s.page, s.stamped_at, s.released_at) for s in judgement.stamps} == {
        (SERIAL, 1, NOW, NOW),
        (SECOND, 1, NOW, NOW),
    }


def with_an_earlier(stamper: Stamper, earlier: Callable[[Stamper], bytes]) -> bytes:
    """A released file: a stamp of ours over one that the file carried."""
    return stamp(earlier(stamper), stamper, SECOND, certify=None)


def ours_changed_since(stamper: Stamper) -> bytes:
    return signed_by_somebody(stamp(letter(), stamper, certify=None), box=TEXT)


def copied(stamper: Stamper) -> bytes:
    """Mallory signs another letter as if with the stamp that she has, in a field of its name or another."""
    return signed_by_somebody(letter("Lain"), name="Mallory", reason=f"[{SERIAL}] Bea meterai")


def elsewhere(stamper: Stamper) -> bytes:
    """An e-Meterai of another issuer, under our serial number."""
    return signed_by_somebody(
        letter("Lain"), name=f"Emet{SERIAL}", reason=f"[{SERIAL}] Bea", signer=strange_authority()
    )


BAD: dict[str, tuple[Callable[[Stamper], bytes], str]] = {
    "home-made": (copied, "chain.self_signed"),
    "of another document": (elsewhere, "register.other_document"),
    "overtaken": (ours_changed_since, "file.changed_after"),
}


@pytest.mark.parametrize("name", BAD)
async def test_a_stamp_of_ours_makes_no_bad_one_before_it_genuine(
    database: TestDatabase, stamper: Stamper, jail: OpenJail, name: str
) -> None:
    earlier, code = BAD[name]
    data = with_an_earlier(stamper, earlier)
    await enter(database, SERIAL, stamp(letter(), stamper, certify=None))
    await enter(database, SECOND, data)
    judgement = await judged(database, jail, stamper, data)
    assert judgement.verdict is Verdict.NOT_GENUINE
    assert judgement.register is RegisterAnswer.CONTRADICTS
    assert code in judgement.reasons
    assert "register.confirmed" not in judgement.reasons
    assert [s.serial for s in judgement.stamps] == [SERIAL, SECOND]


@pytest.mark.parametrize("name", BAD)
async def test_machines_are_told_so_too(
    database: TestDatabase, stamper: Stamper, jail: OpenJail, name: str
) -> None:
    """On the site and by the verifier."""
    data = with_an_earlier(stamper, BAD[name][0])
    await enter(database, SERIAL, stamp(letter(), stamper, certify=None))
    await enter(database, SECOND, data)
    parts: dict[str, Any] = {"db": database.reader, "trust": stamper.trust, "clock": lambda: LATER}
    verifier = VerifierService(**parts, jail=jail, pages=cast("Any", None))
    site = SimpleNamespace(**parts, check_jail=jail, face_limits=FaceLimits())
    answer = await site_api.verify_document.fn(sent(data), service=site)
    assert answer.verdict is Verdict.NOT_GENUINE
    assert (await verifier_api.verify_document.fn(sent(data, verifier))).verdict is Verdict.NOT_GENUINE


def sent(data: bytes, service: object = None) -> Any:
    """A request with this body."""

    async def stream() -> AsyncIterator[bytes]:
        yield data

    app = SimpleNamespace(state=SimpleNamespace(service=service))
    return SimpleNamespace(headers={}, stream=stream, app=app)


@pytest.mark.parametrize("name", BAD)
async def test_a_file_with_a_bad_stamp_gets_no_other_one(
    database: TestDatabase, stamper: Stamper, jail: OpenJail, name: str
) -> None:
    await enter(database, SERIAL, stamp(letter(), stamper, certify=None))
    with pytest.raises(Refusal, match=r"pdf\.stamp_not_genuine"):
        await vouch_for_stamps(database.reader, jail, stamper.trust, BAD[name][0](stamper), LATER)


@pytest.mark.parametrize(("state", "code"), [("released", ""), ("annulled", "register.annulled")])
async def test_a_stamp_that_others_signed_behind_is_asked_for_when_another_one_follows(
    database: TestDatabase, stamper: Stamper, jail: OpenJail, state: str, code: str
) -> None:
    first = stamp(letter(), stamper, certify=None)
    signed = signed_by_somebody(first)
    data = stamp(signed, stamper, SECOND, certify=None, at=(180, 100))
    await enter(database, SERIAL, first, state=state)
    await enter(database, SECOND, data)
    asked = vouch_for_stamps(database.reader, jail, stamper.trust, signed, LATER)
    judgement = await judged(database, jail, stamper, data)
    assert [s.serial for s in judgement.stamps] == [SERIAL, SECOND]
    if code:
        assert (judgement.verdict, judgement.reasons[0]) == (Verdict.NOT_GENUINE, code)
        with pytest.raises(Refusal, match=r"pdf\.stamp_not_genuine"):
            await asked
    else:
        assert (judgement.verdict, judgement.register) == (Verdict.WITH_ADDITIONS, RegisterAnswer.CONFIRMED)
        assert [one.kind for one in judgement.additions] == ["signature", "stamp"]
        assert judgement.sealed_bytes == len(first)
        await asked


async def test_a_stamp_of_another_issuer_before_ours_is_told(
    database: TestDatabase, stamper: Stamper, jail: OpenJail
) -> None:
    uploaded = elsewhere(stamper)
    await vouch_for_stamps(database.reader, jail, stamper.trust, uploaded, LATER)
    data = stamp(uploaded, stamper, SECOND, certify=None)
    await enter(database, SECOND, data)
    judgement = await judged(database, jail, stamper, data)
    assert judgement.verdict is Verdict.GENUINE
    assert "note.foreign_stamp" in judgement.reasons
    assert [(s.serial, s.foreign) for s in judgement.stamps] == [(SERIAL, True), (SECOND, False)]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("jail.busy", (Kind.UNAVAILABLE, "jail.unavailable")),
        ("jail.unavailable", (Kind.UNAVAILABLE, "jail.unavailable")),
        ("jail.killed", (Kind.INVALID, "jail.killed")),
        (UNEXPECTED, (Kind.INVALID, "pdf.signed_irregular")),
        ("pdf.too_heavy", (Kind.INVALID, "pdf.signed_irregular")),
    ],
)
async def test_a_stamp_that_can_not_be_checked_gets_no_other_one(
    database: TestDatabase, stamper: Stamper, stamped: bytes, code: str, told: tuple[Kind, str]
) -> None:
    class Refusing(OpenJail):
        async def run(self, *_: object) -> Judgement:
            raise Refusal(Kind.BUSY, code)

    with pytest.raises(Refusal) as caught:
        await vouch_for_stamps(database.reader, Refusing(), stamper.trust, stamped, LATER)
    assert (caught.value.kind, caught.value.code) == told


async def test_a_digest_from_the_browser_is_enough_and_an_unknown_one_says_nothing(
    database: TestDatabase, stamped: bytes
) -> None:
    await enter(database, SERIAL, stamped)
    known = await judge_digest(database.reader, hashlib.sha256(stamped).hexdigest())
    assert known is not None
    assert known.verdict is Verdict.GENUINE
    assert await judge_digest(database.reader, hashlib.sha256(b"lain").hexdigest()) is None


async def test_an_annulled_serial_number_is_never_genuine(
    database: TestDatabase, stamper: Stamper, jail: OpenJail, stamped: bytes
) -> None:
    await enter(database, SERIAL, stamped, state="annulled")
    judgement = await judged(database, jail, stamper, stamped)
    assert judgement.verdict is Verdict.NOT_GENUINE
    assert judgement.register is RegisterAnswer.CONTRADICTS
    assert judgement.reasons == ("register.annulled",)


async def test_one_annulled_serial_number_of_two_is_enough(database: TestDatabase, twice: bytes) -> None:
    await enter(database, SERIAL, twice)
    await enter(database, SECOND, twice, state="annulled")
    known = await judge_digest(database.reader, hashlib.sha256(twice).hexdigest())
    assert known is not None
    assert (known.verdict, known.reasons) == (Verdict.NOT_GENUINE, ("register.annulled",))


async def test_a_good_signature_on_a_serial_number_that_nobody_allocated_is_not_genuine(
    database: TestDatabase, stamper: Stamper, jail: OpenJail, stamped: bytes
) -> None:
    """What whoever stole the key would make."""
    judgement = await judged(database, jail, stamper, stamped)
    assert judgement.verdict is Verdict.NOT_GENUINE
    assert judgement.register is RegisterAnswer.CONTRADICTS
    assert judgement.reasons == ("register.unknown_serial",)


@pytest.mark.parametrize("registered", [None, b"the same letter, sealed once more after the restore"])
async def test_what_was_released_while_the_register_lost_its_records_is_not_called_forged(
    database: TestDatabase, stamper: Stamper, jail: OpenJail, stamped: bytes, registered: bytes | None
) -> None:
    if registered is not None:
        await enter(database, SERIAL, registered)
    await lose(database, NOW - timedelta(minutes=1), NOW)
    judgement = await judged(database, jail, stamper, stamped)
    assert judgement.verdict is Verdict.CANNOT_CHECK
    assert judgement.register is RegisterAnswer.UNKNOWN
    assert judgement.reasons == ("register.lost",)


async def test_what_was_released_without_a_time_stamp_may_be_lost(
    database: TestDatabase, stamper: Stamper, jail: OpenJail
) -> None:
    timeless = stamp(letter(), stamper, time_stamper=None)
    assert (await judged(database, jail, stamper, timeless)).reasons[0] == "register.unknown_serial"
    await lose(database, NOW - timedelta(minutes=1), NOW)
    judgement = await judged(database, jail, stamper, timeless)
    assert judgement.verdict is Verdict.CANNOT_CHECK
    assert judgement.register is RegisterAnswer.UNKNOWN
    assert judgement.reasons == ("time_stamp.missing", "register.lost")


async def test_before_and_after_the_lost_records_an_unknown_serial_number_is_not_genuine(
    database: TestDatabase, stamper: Stamper, jail: OpenJail, stamped: bytes
) -> None:
    await lose(database, NOW - timedelta(hours=2), NOW - timedelta(minutes=1))
    await lose(database, NOW + timedelta(minutes=1), LATER)
    judgement = await judged(database, jail, stamper, stamped)
    assert judgement.reasons == ("register.unknown_serial",)


async def test_a_good_signature_on_a_serial_number_of_another_document_is_not_genuine(
    database: TestDatabase, stamper: Stamper, jail: OpenJail, stamped: bytes
) -> None:
    await enter(database, SERIAL, stamp(letter("Lain"), stamper))
    judgement = await judged(database, jail, stamper, stamped)
    assert judgement.verdict is Verdict.NOT_GENUINE
    assert judgement.reasons == ("register.other_document",)


@pytest.mark.parametrize("state", ["allocated", "sealed"])
async def test_a_serial_number_that_was_never_handed_out_is_not_genuine(
    database: TestDatabase, stamper: Stamper, jail: OpenJail, stamped: bytes, state: str
) -> None:
    await enter(database, SERIAL, state=state)
    judgement = await judged(database, jail, stamper, stamped)
    assert judgement.verdict is Verdict.NOT_GENUINE
    assert judgement.reasons == ("register.not_released",)


async def test_a_released_file_with_later_archive_data_stays_confirmed(
    database: TestDatabase, stamper: Stamper, jail: OpenJail, stamped: bytes
) -> None:
    await enter(database, SERIAL, stamped)
    out = io.BytesIO()
    await PdfTimeStamper(stamper.time_stamper(NOW + timedelta(minutes=5))).async_timestamp_pdf(
        IncrementalPdfFileWriter(io.BytesIO(stamped)), md_algorithm="sha256", output=out
    )
    judgement = await judged(database, jail, stamper, out.getvalue())
    assert judgement.verdict is Verdict.GENUINE
    assert judgement.register is RegisterAnswer.CONFIRMED
    assert not judgement.fast_path


async def test_an_older_version_of_a_renewed_file_stays_genuine(
    database: TestDatabase, stamper: Stamper, jail: OpenJail, stamped: bytes
) -> None:
    await enter(database, SERIAL, stamped, stamped + b"renewed")
    judgement = await judged(database, jail, stamper, stamped)
    assert judgement.verdict is Verdict.GENUINE


async def test_a_changed_file_is_contradicted_and_its_own_reason_comes_first(
    database: TestDatabase, stamper: Stamper, jail: OpenJail, stamped: bytes
) -> None:
    await enter(database, SERIAL, stamped)
    position = stamped.index(b"stream") + 20
    changed = stamped[:position] + bytes([stamped[position] ^ 1]) + stamped[position + 1 :]
    judgement = await judged(database, jail, stamper, changed)
    assert judgement.verdict is Verdict.NOT_GENUINE
    assert judgement.register is RegisterAnswer.CONTRADICTS
    assert judgement.reasons == ("signature.broken",)


async def test_a_strangers_stamp_with_a_serial_number_of_ours_is_not_genuine(
    database: TestDatabase, stamper: Stamper, jail: OpenJail, stamped: bytes
) -> None:
    await enter(database, SERIAL, stamped)
    authority = self_made("Emeterai Intermediary CA", authority=True)
    foreign = stamp(letter(), stamper, signer=stranger("Peruri", issuer=authority))
    judgement = await judged(database, jail, stamper, foreign)
    assert judgement.verdict is Verdict.NOT_GENUINE
    assert judgement.reasons[0] == "register.other_document"


async def test_of_a_strangers_stamp_the_register_knows_nothing(
    database: TestDatabase, stamper: Stamper, jail: OpenJail
) -> None:
    authority = self_made("Emeterai Intermediary CA", authority=True)
    foreign = stamp(letter(), stamper, signer=stranger("Peruri", issuer=authority))
    judgement = await judged(database, jail, stamper, foreign)
    assert judgement.verdict is Verdict.CANNOT_CHECK
    assert judgement.register is RegisterAnswer.UNKNOWN


async def test_a_register_that_is_down_leaves_the_signatures_verdict_and_says_so(
    database: TestDatabase, stamper: Stamper, jail: OpenJail, stamped: bytes
) -> None:
    gone = await connect(database.urls.reader)
    await gone.close()
    judgement = await judge_document(gone, jail, stamped, trust=stamper.trust, now=LATER)
    assert judgement.verdict is Verdict.GENUINE
    assert judgement.register is RegisterAnswer.NOT_ASKED
    assert judgement.reasons == ("genuine", "register.unreachable")


async def test_a_stamp_gets_no_other_one_while_the_register_is_down(
    database: TestDatabase, stamper: Stamper, jail: OpenJail, stamped: bytes
) -> None:
    gone = await connect(database.urls.reader)
    await gone.close()
    with pytest.raises(Refusal) as caught:
        await vouch_for_stamps(gone, jail, stamper.trust, stamped, LATER)
    assert caught.value.kind is Kind.UNAVAILABLE


async def test_the_verifiers_role_can_change_nothing(database: TestDatabase) -> None:
    async with database.reader.connection() as connection:
        for statement in (
            "UPDATE stamping.serial SET state = 'released'",
            "DELETE FROM stamping.release",
            "INSERT INTO verification.serial (serial) VALUES ('x')",
        ):
            with pytest.raises(asyncpg.PostgresError):
                await connection.execute(statement)


async def test_a_serial_number_is_looked_up_as_people_type_it(database: TestDatabase, stamped: bytes) -> None:
    await enter(database, SERIAL, stamped, pages=3)
    answer = await look_up_serial(database.reader, f" {group_serial(SERIAL).lower()} ")
    assert (answer.known, answer.state, answer.released_at, answer.document_pages) == (
        True,
        "released",
        NOW,
        3,
    )
    unknown = await look_up_serial(database.reader, SECOND)
    assert not unknown.known


async def test_a_serial_number_with_a_typing_error_is_refused_by_name(database: TestDatabase) -> None:
    wrong = SERIAL[:5] + ("A" if SERIAL[5] != "A" else "B") + SERIAL[6:]
    with pytest.raises(Refusal) as refused:
        await look_up_serial(database.reader, wrong)
    assert refused.value.code == "serial.malformed"


async def test_a_letter_typed_for_a_digit_leads_to_the_registered_serial_and_the_answer_says_so(
    database: TestDatabase, stamped: bytes
) -> None:
    await enter(database, SERIAL, stamped)
    typed = SERIAL.translate(str.maketrans("01852", "OIBSZ"))
    assert typed != SERIAL
    answer = await look_up_serial(database.reader, typed)
    assert (answer.serial, answer.known, answer.read_otherwise) == (SERIAL, True, True)
    assert not (await look_up_serial(database.reader, SERIAL)).read_otherwise


async def test_a_text_with_two_registered_readings_is_not_answered(
    database: TestDatabase, stamped: bytes
) -> None:
    typed = "O0I1B8S5Z2O0I1B8S5Z2O0"
    for reading in readings(typed)[:2]:
        await enter(database, reading, stamped + reading.encode())
    with pytest.raises(Refusal) as refused:
        await look_up_serial(database.reader, typed)
    assert refused.value.code == "serial.ambiguous"


async def test_a_code_of_ours_leads_to_its_serial_number_and_a_forged_one_does_not(
    database: TestDatabase, stamper: Stamper, other_stamper: Stamper, stamped: bytes
) -> None:
    await enter(database, SERIAL, stamped)
    answer = await look_up_code(database.reader, _code(stamper.folder), trust=stamper.trust)
    assert (answer.serial, answer.known, answer.code_checked) == (SERIAL, True, True)
    assert answer.code_day == date(2024, 9, 4)
    with pytest.raises(Refusal) as refused:
        await look_up_code(database.reader, _code(other_stamper.folder), trust=stamper.trust)
    assert refused.value.code == "code.forged"


def _code(folder: Path) -> str:
    key, day = CodeKey.load(folder), date(2024, 9, 4)
    signature = key.sign(code_message(SERIAL, day, key.key_id))
    return encode_code("https://meterai.example", SERIAL, day, key_id=key.key_id, signature=signature)
