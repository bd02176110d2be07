"""Nothing alive is left in a stamped file, wherever it hid."""

from __future__ import annotations

import inspect
import io
from collections.abc import Callable, Iterator
from typing import Any

import pikepdf
import pytest

from meterai.stamping.in_jail.normalisation import DocumentRequest, prepare_document
from meterai.stamping.placement import Placement
from sandbox.pki.authority import make_pki
from tests.hostile import active
from tests.hostile.raw import document, stream
from tests.pdf import samples
from tests.pdf.sealing import SealingBench

SAMPLES: dict[str, Callable[[], bytes]] = {
    name: make
    for name, make in inspect.getmembers(active, inspect.isfunction)
    if make.__module__ == active.__name__
} | {"everything": samples.living}
del SAMPLES["_annotation"]

ALIVE_KEYS = {"/JS", "/EmbeddedFiles", "/EF", "/XFA", "/AF", "/RichMediaContent", "/Collection"}
ALIVE_NAMES = {
    "/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToE", "/Rendition", "/Movie", "/Sound",
    "/EmbeddedFile", "/FileAttachment", "/RichMedia", "/Screen", "/3D",
}  # fmt: skip


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> SealingBench:
    return SealingBench(make_pki(tmp_path_factory.mktemp("keys") / "pki"))


def alive_in(data: bytes) -> set[str]:
    """Names and keys of living things in any object of a file, reachable or not."""
    pdf = pikepdf.open(io.BytesIO(data))
    return {word for item in pdf.objects for word in _words(item, depth=0)} & (ALIVE_KEYS | ALIVE_NAMES)


def _words(value: Any, depth: int) -> Iterator[str]:
    if depth and isinstance(value, pikepdf.Object) and value.is_indirect:
        return
    if isinstance(value, pikepdf.Name):
        yield str(value)
    elif isinstance(value, pikepdf.Array):
        for item in value:
            yield from _words(item, depth + 1)
    elif isinstance(value, pikepdf.Dictionary | pikepdf.Stream):
        for key in value.keys():  # noqa: SIM118 - a pikepdf dictionary
            yield key
            yield from _words(value[key], depth + 1)


@pytest.mark.parametrize("name", SAMPLES)
async def test_a_stamped_file_does_nothing_by_itself(bench: SealingBench, name: str) -> None:
    sample = SAMPLES[name]()
    assert alive_in(sample), "the sample itself has nothing alive in it"
    stamped = await bench.seal(sample, bench.stamp(Placement(page=1, x=400, y=100)))
    assert alive_in(stamped) == set()
    with pikepdf.open(io.BytesIO(stamped)) as pdf:
        assert len(pdf.pages) == 1


async def test_resources_with_dangerous_names_stay(bench: SealingBench) -> None:
    """A page may call its font /AF and its picture /JavaScript; only the kind of a thing says what it is."""
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    form = stream(b"0 0 9 9 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 9 9]")
    state = b"<< /Type /ExtGState /SMask << /S /Luminosity /G 5 0 R >> >>"
    names = b"/AA %d 0 R /AF %d 0 R /EF %d 0 R /JS %d 0 R /JavaScript %d 0 R /EmbeddedFiles %d 0 R"
    resources = b"/Font << %s >> /XObject << %s >> /ExtGState << %s >>" % (
        names % ((4,) * 6),
        names % ((5,) * 6),
        names % ((6,) * 6),
    )
    sample = document(font, form, state, page=b"/Resources << %s >>" % resources)
    stamped = await bench.seal(sample, bench.stamp(Placement(page=1, x=400, y=100)))
    with pikepdf.open(io.BytesIO(stamped)) as pdf:
        kept = pdf.pages[0].Resources
        wanted = {"/AA", "/AF", "/EF", "/JS", "/JavaScript", "/EmbeddedFiles"}
        assert all(set(kept[kind].keys()) == wanted for kind in ("/Font", "/XObject", "/ExtGState"))
        assert kept.Font.AF.BaseFont == "/Helvetica"


def test_a_chain_of_actions_that_leads_back_to_itself_is_cut() -> None:
    """What follows an action can't be told where it has no end."""
    turning = b"<< /S /GoTo /D [3 0 R /Fit] /Next 4 0 R >>"
    data = prepare_document(DocumentRequest(data=document(turning, catalog=b"/OpenAction 4 0 R"))).data
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert "/OpenAction" not in pdf.Root
