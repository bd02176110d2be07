"""The quick way to append a first seal writes what pyHanko would, and knows when it can't."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pikepdf
import pytest

from meterai.kernel.refusals import Refusal
from meterai.pdf.profiles import Profile
from meterai.stamping.in_jail import preparation
from meterai.stamping.in_jail.first_seal import seal_first
from meterai.stamping.in_jail.preparation import prepare_seal
from meterai.stamping.model import SEAL_BYTES
from meterai.stamping.placement import Placement
from meterai.stamping.requests import PreparedSeal, SealRequest
from simulator.crowd.papers import make_letter
from tests.pdf import samples
from tests.pdf.sealing import SealingBench
from tests.pdf.tagged_files import tagged

PLACES = [Placement(page=1, x=50, y=60), Placement(page=1, x=300, y=60)]


def turned() -> bytes:
    return samples.rotated(270)


def described(value: Any, seen: tuple[Any, ...] = ()) -> Any:
    """Everything that can be reached, by what it is; numbers of objects and places in the file aside."""
    if isinstance(value, pikepdf.Object) and value.is_indirect:
        if value.objgen in seen:
            return "again"
        seen = (*seen, value.objgen)
    if isinstance(value, pikepdf.Stream):
        return described(value.stream_dict, seen), value.read_raw_bytes()
    if isinstance(value, pikepdf.Dictionary):
        return {key: described(item, seen) for key, item in value.items() if key != "/ByteRange"}
    if isinstance(value, pikepdf.Array):
        return [described(item, seen) for item in value]
    return str(value) if isinstance(value, pikepdf.Name | pikepdf.String) else value


def whole(prepared: PreparedSeal) -> Any:
    with pikepdf.open(io.BytesIO(prepared.data)) as pdf:
        assert pdf.get_warnings() == []
        trailer = {key: value for key, value in pdf.trailer.items() if key in ("/Root", "/Info", "/ID")}
        return described(pikepdf.Dictionary(trailer))


def request(make: Callable[[], bytes], stamps: int, profile: Profile, bench: SealingBench) -> SealRequest:
    return SealRequest(
        data=make(),
        stamps=[bench.stamp(place, name=str(number)) for number, place in enumerate(PLACES[:stamps])],
        profile=profile,
        signing_time=datetime(2026, 8, 17, 10, 45, tzinfo=UTC),
        reason="Pembubuhan (meterai) \\ 印紙",
        location="Surabaya",
    )


@pytest.mark.parametrize("profile", [Profile.FINAL, Profile.SIGN_LATER])
@pytest.mark.parametrize("stamps", [1, 2])
@pytest.mark.parametrize(
    "make",
    [
        samples.letter,
        samples.form,
        samples.living,
        turned,
        lambda: tagged("flat"),
        lambda: make_letter("SURAT", "Siti", size_bytes=9000),
    ],
)
def test_what_is_written_is_what_pyhanko_writes(
    make: Callable[[], bytes],
    stamps: int,
    profile: Profile,
    bench: SealingBench,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = request(make, stamps, profile, bench)
    given: list[Any] = []

    def watched(*arguments: Any) -> Any:
        given.append(seal_first(*arguments))
        return given[-1]

    monkeypatch.setattr(preparation, "seal_first", watched)
    quick = prepare_seal(asked)
    assert given[0] is not None, "the quick way was not taken"
    monkeypatch.setattr(preparation, "seal_first", lambda *_: None)
    slow = prepare_seal(asked)
    assert whole(quick) == whole(slow)
    assert len(quick.data) <= len(slow.data) + 100


def test_the_byte_range_leaves_out_the_gap_alone(bench: SealingBench) -> None:
    prepared = prepare_seal(request(samples.letter, 1, Profile.FINAL, bench))
    gap = prepared.data[prepared.gap_start : prepared.gap_end]
    assert gap == b"<" + b"00" * SEAL_BYTES + b">"
    with pikepdf.open(io.BytesIO(prepared.data)) as pdf:
        (field,) = pdf.Root.AcroForm.Fields
        numbers = [int(number) for number in field.V.ByteRange]
    rest = len(prepared.data) - prepared.gap_end
    assert numbers == [0, prepared.gap_start, prepared.gap_end, rest]


@pytest.mark.parametrize("change", [b"trailer <<  ", b"trailer << /X 1 "])
def test_a_file_of_another_form_is_left_to_pyhanko(change: bytes, bench: SealingBench) -> None:
    asked = request(samples.letter, 1, Profile.FINAL, bench)
    document = preparation.open_document(asked.data, asked.limits)
    fields, entries = preparation._fields(document, asked), preparation._entries(asked)
    base = preparation.normalise(document, asked.data, stamps=fields)
    assert seal_first(base, entries) is not None
    assert seal_first(base.replace(b"trailer << ", change), entries) is None
    assert seal_first(base.replace(b"startxref\n", b"startxref\n1"), entries) is None
    assert seal_first(base.replace(b"/T (Emet", b"/T (Omet"), entries) is None


def test_a_file_packed_in_object_streams_is_left_to_pyhanko(bench: SealingBench) -> None:
    def packed() -> bytes:
        return samples.page_file(object_streams=True)

    asked = request(packed, 1, Profile.FINAL, bench)
    document = preparation.open_document(asked.data, asked.limits)
    base = preparation.normalise(document, asked.data, stamps=preparation._fields(document, asked))
    assert seal_first(base, preparation._entries(asked)) is None
    with pikepdf.open(io.BytesIO(prepare_seal(asked).data)) as pdf:
        assert pdf.Root.AcroForm.Fields[0].V.Filter == "/Adobe.PPKLite"


def test_what_pyhanko_can_not_read_is_refused(bench: SealingBench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparation, "is_readable", lambda body: b"/Page " not in body + b" ")
    with pytest.raises(Refusal, match=r"pdf\.broken"):
        prepare_seal(request(samples.letter, 1, Profile.FINAL, bench))
