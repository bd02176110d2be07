"""What the register's answers do to a judgement: each rule alone, on values."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from meterai.verification.model import Covers, Judgement, RegisterAnswer, StampReport, Verdict
from meterai.verification.queries import Gap, Released, SerialEntry
from meterai.verification.register import compare, from_digest, with_details
from tests.verification.making import NOW, SECOND, SERIAL

FILE, FIRST = "f" * 64, "1" * 64
GAP = Gap(NOW - timedelta(hours=1), NOW + timedelta(hours=1))
OURS = StampReport(
    serial=SERIAL,
    foreign=False,
    intact=True,
    covers=Covers.WHOLE_FILE,
    stamped_at=NOW,
    signer="Peruri",
    revision_sha256=FILE,
)
EARLIER = msgspec.structs.replace(OURS, serial=SECOND, covers=Covers.REVISION, revision_sha256=FIRST)


def released(serial: str = SERIAL, sha256: str = FILE) -> Released:
    return Released(serial=serial, sha256=sha256, released_at=NOW, document_pages=3)


def entries(**states: str) -> dict[str, SerialEntry]:
    return {
        serial: SerialEntry(serial=serial, state=state, released_at=NOW) for serial, state in states.items()
    }


def opened(*stamps: StampReport, reasons: tuple[str, ...] = ("genuine",), pages: int | None = 2) -> Judgement:
    verdict = Verdict.GENUINE if reasons == ("genuine",) else Verdict.NOT_GENUINE
    return Judgement(verdict=verdict, reasons=reasons, sha256=FILE, stamps=stamps, pages=pages)


def known() -> Judgement:
    """By the digest alone."""
    return from_digest(FILE, [released()], entries(**{SERIAL: "released"}))


def test_bytes_that_were_released_are_genuine_and_the_stamps_are_ours_unharmed_and_over_all_of_them() -> None:
    found = known()
    assert (found.verdict, found.register) == (Verdict.GENUINE, RegisterAnswer.CONFIRMED)
    assert found.reasons == ("genuine", "register.confirmed")
    (stamp,) = found.stamps
    assert (stamp.foreign, stamp.intact, stamp.covers) == (False, True, Covers.WHOLE_FILE)
    assert (stamp.revision_sha256, stamp.problems, stamp.released_at) == (FILE, (), NOW)
    assert (found.fast_path, found.pages) == (True, 3)


@pytest.mark.parametrize("annulled", [SERIAL, SECOND])
def test_one_annulled_serial_number_of_two_speaks_against_the_bytes(annulled: str) -> None:
    states = {SERIAL: "released", SECOND: "released", annulled: "annulled"}
    found = from_digest(FILE, [released(), released(SECOND)], entries(**states))
    assert (found.verdict, found.register) == (Verdict.NOT_GENUINE, RegisterAnswer.CONTRADICTS)
    assert found.reasons == ("register.annulled",)
    assert all(stamp.problems == ("register.annulled",) for stamp in found.stamps)


def test_of_released_bytes_the_digest_speaks_whatever_is_found_in_the_file() -> None:
    """A certificate that is not trusted any more, say: the register knows the bytes."""
    seen = msgspec.structs.replace(OURS, problems=("chain.expired",), page=1)
    found = with_details(known(), opened(seen, reasons=("chain.expired",)), [], {})
    assert (found.verdict, found.register) == (Verdict.GENUINE, RegisterAnswer.CONFIRMED)
    assert found.reasons == known().reasons
    (stamp,) = found.stamps
    assert (stamp.problems, stamp.released_at) == ((), NOW), "as the register has it"
    assert (stamp.signer, stamp.page) == ("Peruri", 1), "as the file has it"
    assert found.pages == 2


def test_a_file_that_can_not_be_opened_keeps_what_the_register_knows() -> None:
    nothing = msgspec.structs.replace(
        opened(pages=None), verdict=Verdict.CANNOT_CHECK, reasons=("jail.busy",)
    )
    found = with_details(known(), nothing, [], {})
    assert (found.verdict, found.stamps, found.pages) == (Verdict.GENUINE, known().stamps, 3)


@pytest.mark.parametrize(
    ("gaps", "verdict"), [([], Verdict.NOT_GENUINE), ([GAP], Verdict.GENUINE)], ids=["known", "lost"]
)
def test_an_earlier_stamp_that_the_register_does_not_know_speaks_against_the_file_unless_it_was_lost(
    gaps: list[Gap], verdict: Verdict
) -> None:
    found = with_details(known(), opened(EARLIER, OURS), [released()], entries(**{SERIAL: "released"}), gaps)
    assert found.verdict is verdict, found.reasons
    assert ("register.confirmed" in found.reasons) is (verdict is Verdict.GENUINE)
    assert "register.lost" not in found.reasons
    assert [stamp.serial for stamp in found.stamps] == [SECOND, SERIAL]


def test_with_an_earlier_stamp_what_is_wrong_with_the_whole_speaks_against_released_bytes() -> None:
    both = [released(), released(SECOND, FIRST)], entries(**{SERIAL: "released", SECOND: "released"})
    assert with_details(known(), opened(EARLIER, OURS), *both).verdict is Verdict.GENUINE
    found = with_details(known(), opened(EARLIER, OURS, reasons=("file.changed_after",)), *both)
    assert (found.verdict, found.register) == (Verdict.NOT_GENUINE, RegisterAnswer.CONTRADICTS)
    assert found.reasons == ("file.changed_after",)


@pytest.mark.parametrize("moment", [GAP.lost_from, NOW, GAP.lost_until, None])
def test_of_what_was_lost_the_register_says_nothing(moment: object) -> None:
    seen = msgspec.structs.replace(OURS, stamped_at=moment)
    found = compare(opened(seen), [], {}, [GAP])
    assert (found.register, found.reasons) == (RegisterAnswer.UNKNOWN, ("register.lost",))


@pytest.mark.parametrize("moment", [GAP.lost_from, GAP.lost_until])
def test_a_moment_beside_the_gap_nothing_was_lost(moment: object) -> None:
    beside = timedelta(microseconds=1 if moment == GAP.lost_until else -1)
    seen = msgspec.structs.replace(OURS, stamped_at=moment + beside)  # type: ignore[operator]
    found = compare(opened(seen), [], {}, [GAP])
    assert (found.register, found.verdict) == (RegisterAnswer.CONTRADICTS, Verdict.NOT_GENUINE)
    assert found.reasons == ("register.unknown_serial",)


@pytest.mark.parametrize(
    ("changes", "state", "reasons"),
    [
        ({}, "sealed", ("register.not_released",)),
        ({}, "annulled", ("register.annulled",)),
        ({"foreign": True}, "released", ("register.other_document",)),
        ({"revision_sha256": FIRST}, "released", ()),
    ],
)
def test_what_the_register_says_of_one_serial_number(
    changes: dict[str, object], state: str, reasons: tuple[str, ...]
) -> None:
    """The last: the file went on to grow, its stamp's revision is what was released."""
    seen = msgspec.structs.replace(OURS, **changes)
    digest = str(changes.get("revision_sha256", FILE))
    file = msgspec.structs.replace(opened(seen), sha256=FILE)
    found = compare(file, [released(sha256=digest)], entries(**{SERIAL: state}))
    if reasons:
        assert (found.register, found.reasons) == (RegisterAnswer.CONTRADICTS, reasons)
    else:
        assert (found.register, found.verdict) == (RegisterAnswer.CONFIRMED, Verdict.GENUINE)
        assert found.reasons == ("genuine", "register.confirmed")


@pytest.mark.parametrize(
    ("changes", "state", "reasons"),
    [
        ({}, "annulled", {"register.annulled"}),
        ({"intact": False}, "sealed", {"register.not_released"}),
        ({"foreign": True}, "sealed", {"register.not_released"}),
        ({"foreign": True}, "released", {"register.other_document"}),
    ],
)
def test_what_was_lost_excuses_no_stamp_that_was_annulled_or_is_none_of_ours(
    changes: dict[str, object], state: str, reasons: set[str]
) -> None:
    found = compare(opened(msgspec.structs.replace(OURS, **changes)), [], entries(**{SERIAL: state}), [GAP])
    assert (found.register, set(found.reasons)) == (RegisterAnswer.CONTRADICTS, reasons)


def test_the_digest_of_a_strangers_revision_or_of_another_serial_number_confirms_nothing() -> None:
    stranger = msgspec.structs.replace(EARLIER, foreign=True)
    for stamps, release in (
        ((stranger, OURS), released(SERIAL, FIRST)),
        ((OURS,), released(SECOND, FILE)),
    ):
        found = compare(opened(*stamps), [release], entries(**{SERIAL: "released"}))
        assert "register.other_document" in found.reasons
        assert found.verdict is Verdict.NOT_GENUINE


def test_a_changed_stamp_of_an_unknown_serial_number_has_no_further_reason() -> None:
    seen = msgspec.structs.replace(OURS, intact=False)
    found = compare(opened(seen, reasons=("signature.broken",)), [], {}, [GAP])
    assert (found.register, found.reasons) == (RegisterAnswer.UNKNOWN, ("signature.broken",))
    other = msgspec.structs.replace(EARLIER, foreign=True)
    assert compare(opened(other), [], {}).register is RegisterAnswer.CONFIRMED, "no objection to a stranger's"
    seen_too = opened(seen, other, reasons=("signature.broken",))
    found = compare(seen_too, [], entries(**{SERIAL: "released"}))
    assert found.register is RegisterAnswer.CONTRADICTS, "one of them is known"
    found = compare(opened(seen, reasons=("signature.broken",)), [], entries(**{SERIAL: "released"}))
    assert (found.register, found.reasons) == (RegisterAnswer.CONTRADICTS, ("signature.broken",))
