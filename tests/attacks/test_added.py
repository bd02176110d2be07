"""What was added to a document after its seal: the verdict says so, and each addition is described."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, append_signature_field

from meterai.pdf.profiles import Profile
from meterai.verification.in_jail.document import open_document
from meterai.verification.model import Addition, Box, Judgement, Verdict
from meterai.verification.reasons import verdict_of
from meterai.verifier.routes import speak
from tests.attacks.bases import SUM, Bases
from tests.attacks.harmless import archive_stamped, archived
from tests.attacks.signing import BLANK, signed_by_somebody
from tests.verification.making import letter

LEFT, BOTTOM, RIGHT, TOP = BLANK


def with_an_open_field(data: bytes) -> bytes:
    """A document with a place for Siti's signature."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    append_signature_field(writer, SigFieldSpec(sig_field_name="Siti", on_page=0, box=(300, 300, 400, 340)))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def added(judgement: Judgement) -> Addition:
    assert judgement.verdict is Verdict.WITH_ADDITIONS, judgement.reasons
    (addition,) = judgement.additions
    return addition


def test_a_signature_after_the_seal_is_an_addition_with_its_place_and_a_name_nobody_vouches_for(
    bases: Bases,
) -> None:
    sealed = bases["to be signed"]
    judgement = bases.judge(signed_by_somebody(sealed, name="Budi", box=BLANK))
    addition = added(judgement)
    assert (addition.kind, addition.field, addition.page) == ("signature", "Budi", 1)
    assert addition.box == Box(x=LEFT, y=BOTTOM, width=RIGHT - LEFT, height=TOP - BOTTOM)
    assert addition.signer
    assert (addition.vouched, addition.offered, addition.serial) == (False, False, "")
    assert judgement.sealed_bytes == len(sealed)
    assert "genuine" not in judgement.reasons


def test_an_invisible_signature_is_an_addition_without_a_place(bases: Bases) -> None:
    addition = added(bases.judge(signed_by_somebody(bases["to be signed"], name="Budi")))
    assert (addition.page, addition.box) == (None, None)


def test_a_field_that_the_sealed_document_had_empty_was_offered(bases: Bases) -> None:
    sealed = bases.sealed(with_an_open_field(letter(SUM)), profile=Profile.SIGN_LATER)[0]
    assert added(bases.judge(signed_by_somebody(sealed, name="Siti"))).offered
    judgement = bases.judge(signed_by_somebody(signed_by_somebody(sealed, name="Budi"), name="Siti"))
    assert [(one.field, one.offered) for one in judgement.additions] == [("Budi", False), ("Siti", True)]


def test_a_stamp_of_another_order_is_an_addition_that_we_vouch_for(bases: Bases) -> None:
    judgement = bases.judge(bases["stamped again"])
    addition = added(judgement)
    assert (addition.kind, addition.vouched) == ("stamp", True)
    assert addition.serial == judgement.stamps[1].serial
    assert addition.signed_at == judgement.stamps[1].stamped_at
    assert judgement.sealed_bytes == len(bases["to be signed"])


def test_a_signature_below_a_stamp_of_another_order_is_an_addition_to_the_first(bases: Bases) -> None:
    sealed = bases["to be signed"]
    signed = signed_by_somebody(sealed, name="Budi", box=BLANK)
    judgement = bases.judge(bases.sealed(signed, profile=Profile.SIGNED, first=1)[0])
    assert judgement.verdict is Verdict.WITH_ADDITIONS, judgement.reasons
    assert [one.kind for one in judgement.additions] == ["signature", "stamp"]
    assert judgement.sealed_bytes == len(sealed)


@pytest.mark.parametrize("profile", Profile)
def test_the_stamps_of_one_order_are_one_seal(bases: Bases, profile: Profile) -> None:
    source = signed_by_somebody(letter(SUM)) if profile is Profile.SIGNED else letter(SUM)
    data = bases.sealed(source, 3, profile=profile)[2]
    judgement = bases.judge(data)
    assert (judgement.verdict, judgement.additions) == (Verdict.GENUINE, ())
    assert judgement.sealed_bytes == len(data)


def test_the_second_order_of_several_stamps_is_added_stamp_by_stamp(bases: Bases) -> None:
    first = bases.sealed(letter(SUM), 2, profile=Profile.SIGN_LATER)[1]
    judgement = bases.judge(bases.sealed(first, 2, profile=Profile.SIGNED, first=2)[1])
    assert [one.kind for one in judgement.additions] == ["stamp", "stamp"]
    assert judgement.sealed_bytes == len(first)


@pytest.mark.parametrize("name", ["final", "to be signed", "signed before"])
def test_archive_data_and_its_time_stamp_add_nothing(bases: Bases, name: str) -> None:
    data = archive_stamped(bases, archived(bases, bases[name]))
    judgement = bases.judge(data)
    assert (judgement.verdict, judgement.additions) == (Verdict.GENUINE, ())
    assert judgement.sealed_bytes == len(bases[name])


def test_a_changed_file_is_not_called_genuine_with_additions(bases: Bases) -> None:
    data = bases["signed afterwards"] + b"\n%"
    judgement = bases.judge(data)
    assert (judgement.verdict, judgement.reasons[0]) == (Verdict.NOT_GENUINE, "file.changed_after")
    assert "file.additions" not in judgement.reasons


def test_without_an_intact_stamp_no_bytes_are_called_sealed(bases: Bases) -> None:
    data = bytearray(bases["signed afterwards"])
    content = open_document(bytes(data)).data.index(b"stream") + 20
    data[content] ^= 1
    judgement = bases.judge(bytes(data))
    assert judgement.verdict is not Verdict.WITH_ADDITIONS
    assert judgement.sealed_bytes is None


def test_the_worst_reason_decides() -> None:
    assert verdict_of(["genuine", "file.additions"]) is Verdict.WITH_ADDITIONS
    assert verdict_of(["genuine", "file.additions", "addition.unclear"]) is Verdict.CANNOT_CHECK
    assert verdict_of(["addition.unclear", "file.changed_after"]) is Verdict.NOT_GENUINE
    assert verdict_of(["stamp.none"]) is Verdict.NO_STAMP
    assert verdict_of(["stamp.none", "signature.broken"]) is Verdict.NOT_GENUINE


def verify(bases: Bases, file: Path, *options: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "meterai.cli", "verify", str(file), *options]
    done = subprocess.run(
        [*command, "--trust", str(bases.folder / "trust")], capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stdout


@pytest.mark.long
def test_the_command_ends_with_three_and_with_zero_where_additions_are_allowed(
    bases: Bases, tmp_path: Path
) -> None:
    file = tmp_path / "surat.pdf"
    file.write_bytes(bases["signed afterwards"])
    code, said = verify(bases, file, "--json")
    judgement = json.loads(said)
    assert (code, judgement["verdict"]) == (3, "ASLI_WITH_ADDITIONS")
    assert judgement["additions"][0]["field"] == "Budi"
    code, said = verify(bases, file, "--allow-additions")
    assert code == 0
    assert "then signed by others" in said
    assert "name not vouched for" in " ".join(said.split())
    file.write_bytes(bases["to be signed"] + b"\n%")
    assert verify(bases, file, "--allow-additions")[0] == 1


def test_the_command_ends_with_four_without_a_stamp(bases: Bases, tmp_path: Path) -> None:
    file = tmp_path / "surat.pdf"
    file.write_bytes(letter(SUM))
    code, said = verify(bases, file, "--json")
    assert (code, json.loads(said)["verdict"]) == (4, "NO_STAMP")


def test_no_sentence_about_additions_says_that_nothing_changed(bases: Bases) -> None:
    spoken = speak(bases.judge(bases["signed afterwards"]))
    for words in spoken.words:
        assert "tidak berubah" not in words.text_id
        assert "not changed" not in words.text_en
