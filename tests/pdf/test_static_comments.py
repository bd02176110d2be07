"""Links and comments that stay look on paper as on the screen, and none appears by a click or on paper."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from tests.pdf.layered_files import Layered
from tests.pdf.test_static import by_pdfium, ink_of, looks, static

N = pikepdf.Name
HIDDEN, PRINT, NO_VIEW, TOGGLE = 2, 4, 32, 256
KINDS = {
    "a stamp": {"Subtype": N.Stamp, "AP": True},
    "text": {"Subtype": N.FreeText, "AP": True},
    "a field": {"Subtype": N.Widget, "AP": True},
    "a watermark": {"Subtype": N.Watermark, "AP": True},
    "a printer's mark": {"Subtype": N.PrinterMark, "AP": True},
    "a link that draws": {"Subtype": N.Link, "AP": True},
    "a square that the reader draws": {"Subtype": N.Square, "IC": [0, 0, 0], "C": [0, 0, 0]},
    "a highlight that the reader draws": {
        "Subtype": N.Highlight, "C": [0, 0, 0], "QuadPoints": [300, 660, 360, 660, 300, 600, 360, 600],
    },
}  # fmt: skip
FLAGS = {
    "printed": PRINT,
    "not printed": 0,
    "hidden": HIDDEN | PRINT,
    "on paper only": NO_VIEW | PRINT,
    "under the mouse": NO_VIEW | TOGGLE | PRINT,
    "not under the mouse": TOGGLE | PRINT,
}


def made(kind: str, flags: int) -> bytes:
    file, entries = Layered(), dict[str, Any](KINDS[kind])
    if entries.pop("AP", False):
        entries["AP"] = pikepdf.Dictionary(N=file.form(b"0 g 0 0 600 850 re f"))
    item = pikepdf.Dictionary(Type=N.Annot, Rect=[300, 600, 360, 660], F=flags, **entries)
    file.page["/Annots"] = pikepdf.Array([file.pdf.make_indirect(item)])
    if kind == "a field":
        item["/FT"], item["/T"] = N.Tx, "x"
        file.pdf.Root["/AcroForm"] = pikepdf.Dictionary(Fields=file.page["/Annots"])
    return file.written(b"")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("flags", FLAGS)
def test_paper_shows_what_the_screen_showed(kind: str, flags: str, tmp_path: Path) -> None:
    data = made(kind, FLAGS[flags])
    seen = ink_of(by_pdfium(data))
    after = looks(static(data), tmp_path)
    assert after["screen"] == after["paper"] == seen
    if "that the reader draws" not in kind:  # readers draw those in their own ways
        assert set(after.values()) == {seen}


@pytest.mark.parametrize("flags", [PRINT, 0])
def test_what_a_link_draws_stays_and_its_target_too(flags: int) -> None:
    with pikepdf.open(io.BytesIO(made("a link that draws", flags))) as pdf:
        pdf.pages[0].obj["/Annots"][0]["/Dest"] = pikepdf.String("bab 2")
        pdf.save(out := io.BytesIO())
    with pikepdf.open(io.BytesIO(static(out.getvalue()))) as pdf:
        (link,) = pdf.pages[0].obj["/Annots"]
        assert (link["/Subtype"], str(link["/Dest"])) == ("/Link", "bab 2")
        assert "/AP" not in link


@pytest.mark.parametrize(
    ("entries", "kept"),
    [
        (b"/Border [0 0 1]", True),
        (b"/Border [0 0 900]", False),
        (b"/Border [0 0 (x)]", False),
        (b"/BS << /W 2 >>", True),
        (b"/BS << /W 500 >>", False),
        (b"", True),
    ],
)
def test_a_frame_of_a_link_covers_nothing(entries: bytes, kept: bool) -> None:
    file = Layered()
    link = pikepdf.Object.parse(b"<< /Type /Annot /Subtype /Link /Rect [200 500 460 700] %s >>" % entries)
    before = link.unparse()
    file.page["/Annots"] = pikepdf.Array([file.pdf.make_indirect(link)])
    with pikepdf.open(io.BytesIO(static(file.written(b"")))) as pdf:
        (after,) = pdf.pages[0].obj["/Annots"]
        assert (after.unparse(resolved=True) == before) is kept
        assert kept or (list(after["/Border"]) == [0, 0, 0] and "/BS" not in after)
