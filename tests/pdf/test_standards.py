"""A stamped PDF/A stays PDF/A and a tagged PDF stays readable: a stamp obeys their rules.

Rules by ISO 19005-1 (PDF/A-1) and 19005-2 (PDF/A-2, as far as stricter), and ISO 14289-1 (PDF/UA). No
validator for these is available; the checks here follow the clauses named.
"""

from __future__ import annotations

import io
import re
from typing import Any

import pikepdf
import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from meterai.pdf.profiles import Profile
from meterai.stamping.in_jail.structure_tags import tag_widget
from meterai.stamping.placement import Placement
from tests.pdf import samples, tagged_files
from tests.pdf.sealing import SealingBench

RIGHT = Placement(page=1, x=420, y=120)
LEFT = Placement(page=1, x=300, y=120)
DEVICE_COLOUR = re.compile(rb"(?<![\w.])(?:rg|RG|g|G|k|K)(?![\w.])")
PAINTED_TEXT = re.compile(rb"\b[0-24-7] Tr\b")


async def stamped(data: bytes, bench: SealingBench, profile: Profile = Profile.FINAL) -> bytes:
    stamps = [bench.stamp(place, str(place.x)) for place in (RIGHT, LEFT)]
    return await bench.seal(data, *stamps, profile=profile)


def opened(data: bytes) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(data))


def widgets(pdf: pikepdf.Pdf) -> list[Any]:
    return [field for field in pdf.Root["/AcroForm"]["/Fields"] if str(field["/T"]).startswith("Emet")]


def forms(widget: Any) -> list[Any]:
    appearance = widget["/AP"]["/N"]
    return [appearance, *appearance["/Resources"]["/XObject"].values()]


@pytest.fixture
async def archive(bench: SealingBench) -> bytes:
    return await stamped(tagged_files.archival(), bench)


async def test_the_stamp_sets_no_device_colour(archive: bytes) -> None:
    """ISO 19005-1 clause 6.2.3.3: device colours need an output intent that fits them."""
    pdf = opened(archive)
    for form in (form for widget in widgets(pdf) for form in forms(widget)):
        content = form.read_bytes()
        assert DEVICE_COLOUR.search(content) is None
        assert b"/C cs" in content or b"/C CS" in content
        assert form["/Resources"]["/ColorSpace"]["/C"][0] == "/CalRGB"


async def test_the_stamp_paints_with_no_font_and_nothing_transparent(archive: bytes) -> None:
    """Clauses 6.3.4 and 6.4: fonts are embedded, unless all their text is invisible (mode 3)."""
    pdf = opened(archive)
    for form in (form for widget in widgets(pdf) for form in forms(widget)):
        content = form.read_bytes()
        assert content.count(b" Tj") == content.count(b"3 Tr") > 0
        assert PAINTED_TEXT.search(content) is None
        assert b" gs" not in content
        assert not {"/Group", "/SMask", "/Ref", "/OPI", "/PS"} & set(form.keys())
        assert "/ExtGState" not in form["/Resources"]


async def test_the_widget_is_printed_and_has_one_appearance(archive: bytes) -> None:
    """Clauses 6.5.3 and 6.6.1: Print is set; Hidden, Invisible and NoView are not; no actions; only /N."""
    pdf = opened(archive)
    for widget in widgets(pdf):
        assert widget["/F"] & 0b100111 == 0b100
        assert list(widget["/AP"].keys()) == ["/N"]
        assert not {"/A", "/AA", "/CA", "/C"} & set(widget.keys())
    assert not pdf.Root["/AcroForm"].get("/NeedAppearances", False)


async def test_metadata_and_output_intent_are_as_they_were(archive: bytes) -> None:
    before, after = opened(tagged_files.archival()), opened(archive)
    assert after.Root["/Metadata"].read_raw_bytes() == before.Root["/Metadata"].read_raw_bytes()
    assert "/Filter" not in after.Root["/Metadata"]
    assert after.Root["/OutputIntents"][0]["/S"] == before.Root["/OutputIntents"][0]["/S"]
    assert dict(after.docinfo) == dict(before.docinfo)
    assert len(after.trailer["/ID"]) == 2
    assert "/Encrypt" not in after.trailer


async def test_the_file_is_written_as_archives_demand(archive: bytes) -> None:
    """Clauses 6.1.2 to 6.1.8: head, table and not stream, line ends around objects and streams."""
    assert re.match(rb"%PDF-1\.[0-7]\n%[\x80-\xff]{4}", archive)
    assert b"/XRef" not in archive
    assert b"/ObjStm" not in archive
    added = archive[len(tagged_files.archival()) - 200 :]
    for found in re.finditer(rb"\d+ \d+ obj", added):
        assert re.match(rb"\d+ \d+ obj\n", added[found.start() :])
    assert len(re.findall(rb"\nendobj\n", added)) == added.count(b"endobj")
    assert archive.rstrip().endswith(b"%%EOF")


@pytest.mark.parametrize("shape", tagged_files.SHAPES)
async def test_a_tagged_file_gets_a_form_element_for_each_stamp(shape: str, bench: SealingBench) -> None:
    """ISO 14289-1 clauses 7.18.1, 7.18.3, 7.18.4; found through the parent tree, in the order of the keys."""
    pdf = opened(await stamped(tagged_files.tagged(shape), bench))
    tree = pdf.Root["/StructTreeRoot"]
    numbers = parent_numbers(tree["/ParentTree"])
    assert sorted(numbers) == list(numbers)
    assert tree["/ParentTreeNextKey"] > max(numbers)
    document = tree["/K"][0] if isinstance(tree["/K"], pikepdf.Array) else tree["/K"]
    for widget in widgets(pdf):
        element = numbers[int(widget["/StructParent"])]
        assert element["/S"] == "/Form"
        assert element["/K"]["/Obj"].objgen == widget.objgen
        assert str(widget["/T"])[4:] in str(element["/Alt"])
        assert str(element["/Alt"]) == str(widget["/TU"])
        holder = document if shape != "several at the top" else tree
        assert element["/P"].objgen == holder.objgen
        assert element.objgen in [kid.objgen for kid in holder["/K"] if isinstance(kid, pikepdf.Object)]
    assert pdf.pages[0].obj["/Tabs"] == "/S"


def parent_numbers(node: Any) -> dict[int, Any]:
    """A number tree as a dictionary (ISO 32000-1 clause 7.9.7)."""
    found: dict[int, Any] = {}
    items = list(node.get("/Nums", []))
    found |= {int(key): value for key, value in zip(items[::2], items[1::2], strict=True)}
    for kid in node.get("/Kids", []):
        below = parent_numbers(kid)
        assert [int(key) for key in kid["/Limits"]] == [min(below), max(below)]
        found |= below
    return found


@pytest.mark.parametrize(("stated", "key"), [(7, 7), (0, 1)])
def test_a_stamp_takes_the_key_that_is_stated_as_the_next_unless_it_is_in_use(stated: int, key: int) -> None:
    pdf = opened(tagged_files.tagged("flat"))
    pdf.Root["/StructTreeRoot"]["/ParentTreeNextKey"] = stated
    out = io.BytesIO()
    pdf.save(out)
    writer = IncrementalPdfFileWriter(out)
    widget = writer.add_object(generic.DictionaryObject())
    page = writer.root["/Pages"]["/Kids"].raw_get(0)
    tag_widget(writer, widget, page, text="nomor")
    tree = writer.root["/StructTreeRoot"]
    assert (widget.get_object()["/StructParent"], tree["/ParentTreeNextKey"]) == (key, key + 1)


async def test_a_file_without_tags_gets_none(bench: SealingBench) -> None:
    pdf = opened(await stamped(samples.letter(), bench))
    assert "/StructTreeRoot" not in pdf.Root
    assert "/StructParent" not in widgets(pdf)[0]


async def test_a_broken_structure_tree_hinders_no_stamp(bench: SealingBench) -> None:
    for broken in tagged_files.broken_trees():
        pdf = opened(await stamped(broken, bench))
        assert ["/StructParent" in widget for widget in widgets(pdf)] == [False, False]


async def test_nothing_of_the_person_is_in_what_a_stamp_adds(bench: SealingBench) -> None:
    """Names, addresses and paths stay out; the file's own metadata stays unchanged."""
    data = await stamped(tagged_files.archival(), bench)
    pdf = opened(data)
    for field in widgets(pdf):
        value = field["/V"]
        assert set(value.keys()) <= {
            "/Type", "/Filter", "/SubFilter", "/ByteRange", "/Contents", "/Reason", "/Location", "/Name",
            "/M", "/Prop_Build", "/Reference",
        }  # fmt: skip
        assert str(value["/Name"]) == "Meterai Elektronik"
        assert str(value["/Location"]) == "Indonesia"
    assert b"pyHanko" not in data
    assert b"ModDate" not in data[len(tagged_files.archival()) :]
