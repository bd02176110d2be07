"""A stamped file looks the same on screen, on paper, at each zoom and after each click: as the preview."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from meterai.kernel.refusals import Refusal
from meterai.pdf.inspection import inspect
from meterai.pdf.requests import InspectRequest
from meterai.stamping.in_jail.normalisation import DocumentRequest, prepare_document
from meterai.stamping.in_jail.reception import receive
from meterai.stamping.placement import Placement
from meterai.stamping.requests import OutputLimits, ReceptionRequest
from tests.pdf.layered_files import OTHER, PLACES, Layered
from tests.pdf.sealing import SealingBench

type Make = Callable[[Layered], bytes]
"""Adds something to a file, and returns the content that the page draws besides."""

N = pikepdf.Name
MARKED = b"/OC /L BDC " + OTHER + b"EMC "


def made(make: Make) -> bytes:
    file = Layered()
    return file.written(make(file))


def static(data: bytes) -> bytes:
    return prepare_document(DocumentRequest(data=data)).data


def ink_of(picture: Image.Image) -> tuple[bool, ...]:
    """Whether the places are black. The picture has one dot a point."""
    grey = picture.convert("L")
    boxes = ((x0 + 5, grey.height - y1 + 5, x1 - 5, grey.height - y0 - 5) for x0, y0, x1, y1 in PLACES)
    return tuple(sum(grey.crop(box).histogram()[:100]) > 1000 for box in boxes)


def by_pdfium(data: bytes, **how: Any) -> Image.Image:
    with pypdfium2.PdfDocument(data) as document:
        document.init_forms()
        image: Image.Image = document[0].render(scale=1, **how).to_pil()
        return image.copy()


def by_poppler(path: Path) -> Image.Image:
    command = ["pdftoppm", "-r", "72", "-singlefile", "-png", path, path.with_suffix("")]
    subprocess.run(command, check=True, capture_output=True)
    return Image.open(path.with_suffix(".png")).copy()


def on_paper(data: bytes, folder: Path) -> Image.Image:
    """The page as poppler prints it."""
    (folder / "file.pdf").write_bytes(data)
    subprocess.run(["pdftocairo", "-pdf", folder / "file.pdf", folder / "paper.pdf"], check=True)
    return by_poppler(folder / "paper.pdf")


def looks(data: bytes, folder: Path) -> dict[str, tuple[bool, ...]]:
    """What each reader shows on screen and on paper."""
    (folder / "screen.pdf").write_bytes(data)
    return {
        "screen": ink_of(by_pdfium(data)),
        "paper": ink_of(by_pdfium(data, optimize_mode="print")),
        "poppler": ink_of(by_poppler(folder / "screen.pdf")),
        "poppler on paper": ink_of(on_paper(data, folder)),
    }


def leftovers(data: bytes) -> list[str]:
    """What is left of layers."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        found = ["/OCProperties"] if "/OCProperties" in pdf.Root else []
        for item in pdf.objects:
            own = item.stream_dict if isinstance(item, pikepdf.Stream) else item
            text = own.unparse(resolved=True) if isinstance(own, pikepdf.Dictionary | pikepdf.Array) else b""
            found += [name for name in ("/OC ", "/OCG", "/OCMD", "/SetOCGState") if name.encode() in text]
            if isinstance(item, pikepdf.Stream) and b"/OC" in item.read_bytes():
                found.append("content")
        return found


# Layers: name of the case -> what the file is, and whether the second square is shown.


def plain(*, on: bool, content: bytes = MARKED, **usage: Any) -> Make:
    def make(file: Layered) -> bytes:
        layer = file.layer(**usage)
        if not on:
            file.off(layer)
        return content

    return make


def base_state_off(file: Layered) -> bytes:
    file.layer()
    file.default["/BaseState"] = N.OFF
    return MARKED


def on_in_a_base_of_off(file: Layered) -> bytes:
    file.default["/ON"] = pikepdf.Array([file.layer()])
    file.default["/BaseState"] = N.OFF
    return MARKED


def by_event(event: str, usage: bytes, category: str, *, off: bool = False) -> Make:
    def make(file: Layered) -> bytes:
        layer = file.layer(Usage=usage)
        app = pikepdf.Dictionary(Event=N(event), OCGs=[layer], Category=[N(category)])
        file.default["/AS"] = pikepdf.Array([app])
        if off:
            file.off(layer)
        return MARKED

    return make


def rule(policy: str, states: tuple[bool, bool]) -> Make:
    def make(file: Layered) -> bytes:
        groups = [file.layer("A"), file.layer("B")]
        file.off(*(group for group, on in zip(groups, states, strict=True) if not on))
        file.rule("L", OCGs=groups, P=N(policy))
        return MARKED

    return make


def expression(text: str, *off: str) -> Make:
    """`text`: a visibility expression over the layers A and B."""

    def make(file: Layered) -> bytes:
        groups = {name: file.layer(name) for name in "AB"}
        file.off(*(groups[name] for name in off))
        for name, group in groups.items():
            text_of = f"{group.objgen[0]} {group.objgen[1]} R"
            groups[name] = text_of
        written = text.replace("A", groups["A"]).replace("B", groups["B"])
        written = written.replace("&", "/And").replace("|", "/Or").replace("!", "/Not")
        file.rule("L", VE=file.pdf.make_indirect(_with_references(file.pdf, written)))
        return MARKED

    return make


def _with_references(pdf: pikepdf.Pdf, text: str) -> Any:
    """Parses an array with references, which pikepdf refuses to do alone."""
    stack: list[list[Any]] = [[]]
    words = text.replace("[", " [ ").replace("]", " ] ").split()
    while words:
        word = words.pop(0)
        if word == "[":
            stack.append([])
        elif word == "]":
            done = pikepdf.Array(stack.pop())
            stack[-1].append(done)
        elif word.startswith("/"):
            stack[-1].append(N(word))
        else:
            stack[-1].append(pdf.get_object(int(word), int(words.pop(0))))
            words.pop(0)
    return stack[0][0]


def drawn(kind: str, *, on: bool, through_rule: bool = False) -> Make:
    """A form or picture that has a layer itself."""

    def make(file: Layered) -> bytes:
        layer = file.layer()
        if not on:
            file.off(layer)
        owner = file.rule("R", OCGs=layer) if through_rule else layer
        thing = file.form(OTHER) if kind == "form" else file.picture()
        thing["/OC"] = owner
        file.resource("XObject", "X", thing)
        return b"/X Do " if kind == "form" else b"q 60 0 0 60 300 600 cm /X Do Q "

    return make


def in_a_form(*, on: bool, own: bool) -> Make:
    """The mark of the layer is in the content of a form, with or without resources of its own."""

    def make(file: Layered) -> bytes:
        layer = file.layer()
        if not on:
            file.off(layer)
        form = file.form(MARKED)
        if own:
            form["/Resources"] = pikepdf.Dictionary(Properties=pikepdf.Dictionary(L=layer))
        file.resource("XObject", "X", form)
        return b"/X Do "

    return make


def in_a_pattern(*, on: bool) -> Make:
    def make(file: Layered) -> bytes:
        layer = file.layer()
        if not on:
            file.off(layer)
        tile = file.pdf.make_stream(
            b"/OC /L BDC 0 0 600 850 re f EMC",
            PatternType=1,
            PaintType=1,
            TilingType=1,
            BBox=[0, 0, 600, 850],
            XStep=600,
            YStep=850,
            Resources=pikepdf.Dictionary(Properties=pikepdf.Dictionary(L=layer)),
        )
        file.resource("Pattern", "P", tile)
        return b"/Pattern cs /P scn 300 600 60 60 re f "

    return make


def on_a_comment(*, on: bool, kind: str = "Stamp") -> Make:
    def make(file: Layered) -> bytes:
        layer = file.layer()
        if not on:
            file.off(layer)
        face = file.form(b"0 g 0 0 600 850 re f")
        comment = pikepdf.Dictionary(
            Type=N.Annot,
            Subtype=N("/" + kind),
            Rect=[300, 600, 360, 660],
            F=4,
            OC=layer,
            AP=pikepdf.Dictionary(N=face),
        )
        file.page["/Annots"] = pikepdf.Array([file.pdf.make_indirect(comment)])
        return b""

    return make


def inherited(file: Layered) -> bytes:
    """The page has its resources from the page tree."""
    file.off(file.layer())
    file.pdf.Root["/Pages"]["/Resources"] = file.page["/Resources"]
    del file.page["/Resources"]
    return MARKED


def not_listed(file: Layered) -> bytes:
    file.off(file.layer())
    file.groups = pikepdf.Array([file.pdf.make_indirect(pikepdf.Dictionary(Type=N.OCG, Name="x"))])
    return MARKED


def toggled_by_a_click(file: Layered) -> bytes:
    layer = file.layer()
    file.off(layer)
    action = pikepdf.Dictionary(S=N.SetOCGState, State=[N.Toggle, layer])
    link = pikepdf.Dictionary(
        Type=N.Annot, Subtype=N.Link, Rect=[100, 600, 160, 660], A=action, Border=[0, 0, 0]
    )
    file.page["/Annots"] = pikepdf.Array([file.pdf.make_indirect(link)])
    file.pdf.Root["/OpenAction"] = pikepdf.Dictionary(S=N.SetOCGState, State=[N.ON, layer])
    return MARKED


PRINTED_NOT = b"<< /Print << /PrintState /OFF >> >>"
ZOOMED = b"<< /Zoom << /min 4 /max 9 >> >>"
AT_REAL_SIZE = b"<< /Zoom << /min 0.5 /max 4 >> >>"
LAYERS: dict[str, tuple[Make, bool]] = {
    "shown": (plain(on=True), True),
    "hidden": (plain(on=False), False),
    "hidden by the base state": (base_state_off, False),
    "shown against the base state": (on_in_a_base_of_off, True),
    "not printed": (by_event("/Print", PRINTED_NOT, "/Print"), True),
    "printed only": (by_event("/Print", b"<< /Print << /PrintState /ON >> >>", "/Print", off=True), False),
    "not exported": (by_event("/Export", b"<< /Export << /ExportState /OFF >> >>", "/Export"), True),
    "exported only": (
        by_event("/Export", b"<< /Export << /ExportState /ON >> >>", "/Export", off=True),
        False,
    ),
    "not viewed": (by_event("/View", b"<< /View << /ViewState /OFF >> >>", "/View"), False),
    "viewed by its use": (by_event("/View", b"<< /View << /ViewState /ON >> >>", "/View", off=True), True),
    "shown at real size": (by_event("/View", AT_REAL_SIZE, "/Zoom"), True),
    "another language": (by_event("/View", b"<< /Language << /Lang (en) >> >>", "/Language"), True),
    "not meant for viewing": (plain(on=False, Intent=N.Design), True),
    "meant for viewing and design": (plain(on=False, Intent=pikepdf.Array([N.View, N.Design])), False),
    "a rule, any on": (rule("/AnyOn", (True, False)), True),
    "a rule, none on": (rule("/AnyOn", (False, False)), False),
    "a rule, all on": (rule("/AllOn", (True, False)), False),
    "a rule, any off": (rule("/AnyOff", (True, False)), True),
    "a rule, none off": (rule("/AnyOff", (True, True)), False),
    "a rule, all off": (rule("/AllOff", (True, False)), False),
    "a rule, really all off": (rule("/AllOff", (False, False)), True),
    "an expression, not": (expression("[! A]", "A"), True),
    "an expression, not on": (expression("[! A]"), False),
    "an expression, and": (expression("[& A B]", "B"), False),
    "an expression, or": (expression("[| A B]", "B"), True),
    "an expression in another": (expression("[& A [! [| B B]]]", "B"), True),
    "a form": (drawn("form", on=True), True),
    "a hidden form": (drawn("form", on=False), False),
    "a picture": (drawn("picture", on=True), True),
    "a hidden picture": (drawn("picture", on=False), False),
    "a picture by a rule": (drawn("picture", on=False, through_rule=True), False),
    "inside a form": (in_a_form(on=True, own=True), True),
    "hidden inside a form": (in_a_form(on=False, own=True), False),
    "hidden inside a form by a name of the page": (in_a_form(on=False, own=False), False),
    "inside a pattern": (in_a_pattern(on=True), True),
    "hidden inside a pattern": (in_a_pattern(on=False), False),
    "a comment": (on_a_comment(on=True), True),
    "a hidden comment": (on_a_comment(on=False), False),
    "a hidden watermark": (on_a_comment(on=False, kind="Watermark"), False),
    "resources of the page tree": (inherited, False),
    "a layer that the document does not list": (not_listed, True),
    "toggled by a click": (toggled_by_a_click, False),
    "the name written in another way": (
        plain(on=False, content=b"/#4f#43 /#4C BDC " + OTHER + b"EMC "),
        False,
    ),
    "never closed": (plain(on=False, content=b"/OC /L BDC " + OTHER), False),
    "closed too often": (plain(on=False, content=b"EMC /OC /L BDC " + OTHER + b"EMC EMC "), False),
    "marks inside": (plain(on=False, content=b"/OC /L BDC /P BMC " + OTHER + b"EMC EMC "), False),
    "a tagged layer": (plain(on=False, content=b"/P << /MCID 0 >> BDC " + MARKED + b"EMC "), False),
    "in one another": (plain(on=False, content=b"/OC /L BDC " + MARKED + OTHER + b"EMC "), False),
    "begun in a saved state": (plain(on=False, content=b"q /OC /L BDC Q " + OTHER + b"EMC "), False),
    "an unknown layer": (plain(on=False, content=b"/OC /Unknown BDC " + OTHER + b"EMC "), True),
}


@pytest.mark.everyday(one_in=3)
@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_becomes_part_of_the_page_or_is_gone(name: str, tmp_path: Path) -> None:
    make, shown = LAYERS[name]
    data = made(make)
    done = static(data)
    assert leftovers(done) == []
    assert looks(done, tmp_path) == dict.fromkeys(
        ("screen", "paper", "poppler", "poppler on paper"), (True, shown)
    )
    if "comment" not in name and "watermark" not in name:  # those PDFium shows in any case
        assert by_pdfium(done).tobytes() == by_pdfium(data).tobytes()
    assert "pdf.notice.layers" in inspect(InspectRequest(data=data)).notices


# What is hidden moves what follows: each content draws the second square after a hidden part.
AFTER = {
    "a clip": (b"/OC /L BDC 290 590 100 100 re W n EMC " + OTHER, True),
    "a clip that is drawn": (b"/OC /L BDC 0 0 9 9 re W f EMC " + OTHER, False),
    "a colour": (b"/OC /L BDC 1 g EMC 300 600 60 60 re f ", False),
    "a matrix": (b"/OC /L BDC 1 0 0 1 200 0 cm EMC 100 600 60 60 re f ", True),
    "a saved state": (b"/OC /L BDC q 1 g EMC Q " + OTHER, True),
    "text in a line": (b"BT /F 80 Tf 245 602 Td /OC /L BDC (l) Tj (ll) Tj EMC (MMM) Tj ET ", True),
    "text in an array": (b"BT /F 80 Tf 290 602 Td /OC /L BDC [-9000 (l)] TJ EMC (MM) Tj ET ", False),
    "text in a new line": (b"BT /F 80 Tf 80 TL 290 762 Td /OC /L BDC (l) ' (l) ' EMC (MM) Tj ET ", True),
    "text with distances": (b'BT /F 80 Tf 80 TL 290 682 Td /OC /L BDC 0 0 (l) " EMC (MM) Tj ET ', True),
    "text that clips": (b"q BT /F 80 Tf 7 Tr 900 602 Td /OC /L BDC (M) Tj EMC ET " + OTHER + b"Q ", False),
    "a picture in the content": (
        b"/OC /L BDC q 60 0 0 60 300 600 cm BI /W 1 /H 1 /BPC 8 /CS /G ID \0 EI Q EMC ",
        False,
    ),
    "a shading": (b"/OC /L BDC /Sh sh EMC ", False),
}


@pytest.mark.parametrize("name", AFTER)
def test_what_follows_a_hidden_part_stays_where_it_was(name: str, tmp_path: Path) -> None:
    content, shown = AFTER[name]
    data = made(plain(on=False, content=content))
    done = static(data)
    assert by_pdfium(done).tobytes() == by_pdfium(data).tobytes()
    assert (ink_of(by_pdfium(done))[1] or _has_marks(by_pdfium(done))) is shown
    assert b"/OC" not in b"".join(leftover.encode() for leftover in leftovers(done))


def _has_marks(picture: Image.Image) -> bool:
    """Whether the second place has any ink: letters do not fill it."""
    x0, y0, x1, y1 = PLACES[1]
    return (
        sum(picture.convert("L").crop((x0, picture.height - y1, x1, picture.height - y0)).histogram()[:100])
        > 300
    )


def test_hidden_content_is_not_in_the_file() -> None:
    """Nobody can find the hidden text or picture: the file has neither."""

    def make(file: Layered) -> bytes:
        file.off(file.layer())
        file.resource("XObject", "X", file.picture())
        file.resource("XObject", "Y", file.form(b"BT /F 9 Tf (RAHASIA) Tj ET"))
        return b"/OC /L BDC q 60 0 0 60 300 600 cm /X Do Q /Y Do BT /F 9 Tf (RAHASIA) Tj ET EMC "

    with pikepdf.open(io.BytesIO(static(made(make)))) as pdf:
        streams = [item for item in pdf.objects if isinstance(item, pikepdf.Stream)]
        assert all(item.get("/Subtype") != "/Image" for item in streams)
        assert not any(b"RAHASIA" in item.read_bytes() for item in streams)


# Readers differ on what the screen shows: such a file is refused.


def _usage_without_event(file: Layered) -> bytes:
    """PDFium hides the layer; by the standard its use is advice that nobody asks for."""
    file.layer(Usage=b"<< /View << /ViewState /OFF >> >>")
    return MARKED


def _other_configuration(file: Layered) -> bytes:
    file.layer()
    with pikepdf.open(io.BytesIO(file.written(MARKED))) as pdf:
        properties = pdf.Root["/OCProperties"]
        off = pikepdf.Array(list(properties["/OCGs"]))
        properties["/Configs"] = pikepdf.Array([pikepdf.Dictionary(OFF=off, Intent=N.View)])
        pdf.save(out := io.BytesIO())
    return out.getvalue()


def _only_large(file: Layered) -> bytes:
    return by_event("/View", ZOOMED, "/Zoom")(file)


def _inverted(file: Layered) -> bytes:
    """A transfer function that PDFium follows, and most readers do not."""
    function = pikepdf.Dictionary(FunctionType=2, Domain=[0, 1], N=1, C0=[1], C1=[1])
    file.resource("ExtGState", "G", pikepdf.Dictionary(TR=function))
    return b"/G gs " + OTHER


def _deep(file: Layered) -> bytes:
    layer = file.layer()
    found: Any = layer
    for _ in range(60):
        found = pikepdf.Array([N.Not, found])
    file.rule("L", VE=found)
    return MARKED


def _shared_name(file: Layered) -> bytes:
    """A form without resources draws a name that is a shown layer on one page, and a hidden one on the
    other."""
    first = file.layer()
    file.off(first)
    file.resource("XObject", "X", file.form(MARKED))
    second = file.pdf.add_blank_page(page_size=(595, 842)).obj
    other = file.pdf.make_indirect(pikepdf.Dictionary(Type=N.OCG, Name="M"))
    file.groups.append(other)
    second["/Resources"] = pikepdf.Dictionary(
        Properties=pikepdf.Dictionary(L=other), XObject=file.page["/Resources"]["/XObject"]
    )
    second["/Contents"] = file.pdf.make_stream(b"/X Do")
    return b"/X Do "


@pytest.mark.parametrize(
    "make",
    [_usage_without_event, _only_large, _inverted, _deep, _shared_name],
    ids=lambda make: make.__name__,
)
def test_what_readers_show_in_two_ways_is_refused(make: Make) -> None:
    with pytest.raises(Refusal) as caught:
        static(made(make))
    assert caught.value.code == "pdf.not_static"


def test_another_configuration_that_pdfium_prefers_is_refused() -> None:
    with pytest.raises(Refusal) as caught:
        static(_other_configuration(Layered()))
    assert caught.value.code == "pdf.not_static"


def _function() -> Any:
    return pikepdf.Dictionary(FunctionType=2, Domain=[0, 1], N=1, C0=[0], C1=[1])


def state(**entries: Any) -> Make:
    def make(file: Layered) -> bytes:
        file.resource("ExtGState", "G", pikepdf.Dictionary(**entries))
        return b"/G gs 0 0 0 1 k 300 600 60 60 re f "

    return make


def white_over_black(file: Layered) -> bytes:
    """White hides the square on screen. Printed over it, white adds no ink: the square is there."""
    file.resource("ExtGState", "G", pikepdf.Dictionary(OP=True, op=True, OPM=1))
    return OTHER + b"/G gs 0 0 0 0 k 290 590 80 80 re f "


def with_alternate(file: Layered) -> bytes:
    other = file.picture(Decode=[1, 0])
    alternate = pikepdf.Dictionary(Image=other, DefaultForPrinting=True)
    file.resource("XObject", "X", file.picture(Alternates=pikepdf.Array([alternate])))
    return b"q 60 0 0 60 300 600 cm /X Do Q "


def with_opi(file: Layered) -> bytes:
    form = file.form(OTHER)
    form["/OPI"] = pikepdf.Object.parse(b"<< /2.0 << /Type /OPI /Version 2.0 /F (lain.tif) >> >>")
    file.resource("XObject", "X", form)
    return b"/X Do "


def postscript(*, second: bool) -> Make:
    def make(file: Layered) -> bytes:
        form = file.form(b"300 600 60 60 rectfill")
        form["/Subtype"] = N.Form if second else N.PS
        if second:
            form["/Subtype2"] = N.PS
        file.resource("XObject", "X", form)
        return b"/X Do "

    return make


def referring(file: Layered) -> bytes:
    form = file.form(OTHER)
    form["/Ref"] = pikepdf.Object.parse(b"<< /F (lain.pdf) /Page 0 >>")
    file.resource("XObject", "X", form)
    return b"/X Do "


def external(entry: bytes) -> Make:
    def make(file: Layered) -> bytes:
        form = file.form(OTHER)
        form["/F"], form["/FFilter"] = pikepdf.Object.parse(entry), N.FlateDecode
        file.resource("XObject", "X", form)
        return b"/X Do "

    return make


def printing(key: str) -> Make:
    def make(file: Layered) -> bytes:
        file.pdf.Root["/ViewerPreferences"] = pikepdf.Dictionary({key: N.MediaBox})
        return OTHER

    return make


PAPER, ELSEWHERE = "pdf.notice.paper_differs", "pdf.notice.content_elsewhere"
OTHERS: dict[str, tuple[Make, str, tuple[str, ...], bool]] = {
    "overprint": (white_over_black, PAPER, ("/OP", "/op", "/OPM"), False),
    "overprint of lines": (state(OP=True, op=False), PAPER, ("/OP", "/op"), True),
    "a transfer function": (state(TR=_function()), PAPER, ("/TR ",), True),
    "transfer functions": (state(TR2=pikepdf.Array([_function()] * 4)), PAPER, ("/TR2",), True),
    "black generation": (state(BG=_function(), BG2=_function()), PAPER, ("/BG",), True),
    "removal of colours": (state(UCR=_function(), UCR2=_function()), PAPER, ("/UCR",), True),
    "a halftone": (
        state(
            HT=pikepdf.Dictionary(
                Type=N.Halftone, HalftoneType=1, Frequency=60, Angle=0, SpotFunction=N.Round
            )
        ),
        PAPER,
        ("/HT",),
        True,
    ),
    "another picture for paper": (with_alternate, PAPER, ("/Alternates",), True),
    "a finer picture for paper": (with_opi, PAPER, ("/OPI",), True),
    "a program for the printer": (postscript(second=False), PAPER, ("/PS", "rectfill"), False),
    "another program for the printer": (postscript(second=True), PAPER, ("/PS", "rectfill"), False),
    "another area for paper": (printing("/PrintArea"), PAPER, ("/PrintArea",), True),
    "another clip for paper": (printing("/PrintClip"), PAPER, ("/PrintClip",), True),
    "another area for the screen": (printing("/ViewArea"), PAPER, ("/ViewArea",), True),
    "a page of another file": (referring, ELSEWHERE, ("/Ref ",), True),
    "content in another file": (external(b"(lain.bin)"), ELSEWHERE, ("/FFilter", "lain.bin"), True),
    "content at an address": (external(b"<< /FS /URL /F (x) >>"), ELSEWHERE, ("/FFilter", "/URL"), True),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_only_paper_or_another_file_shows_is_removed(name: str, tmp_path: Path) -> None:
    make, notice, names, shown = OTHERS[name]
    data = made(make)
    assert any(word.encode() in data for word in names)
    done = static(data)
    assert [word for word in names if word.encode() in done] == []
    assert set(looks(done, tmp_path).values()) == {(True, shown)}
    assert by_pdfium(done).tobytes() == by_pdfium(data).tobytes()
    assert notice in inspect(InspectRequest(data=data)).notices


HARMLESS: dict[str, Make] = {
    "usual transfer functions": state(
        TR=N.Identity, TR2=N.Default, HT=N.Default, BG2=N.Default, UCR2=N.Default
    ),
    "no overprint": state(OP=False, op=False, OPM=1),
    "resources with such names": lambda file: [
        file.resource("Font", "TR", file.page["/Resources"]["/Font"]["/F"]),
        file.resource("Font", "OC", file.page["/Resources"]["/Font"]["/F"]),
        file.resource("XObject", "HT", file.form(OTHER)),
        file.resource("XObject", "OP", file.form(OTHER)),
        b"/OP Do",
    ][-1],
    "tagged content": lambda file: [
        file.resource("Properties", "M", pikepdf.Dictionary(MCID=0)),
        b"/P /M BDC " + OTHER + b"EMC",
    ][-1],
    "a soft mask with a function": lambda file: [
        file.resource(
            "ExtGState",
            "G",
            pikepdf.Dictionary(
                SMask=pikepdf.Dictionary(
                    S=N.Luminosity,
                    G=file.form(b"1 g 0 0 600 850 re f", Group=b"<< /S /Transparency /CS /DeviceGray >>"),
                    TR=_function(),
                )
            ),
        ),
        b"/G gs " + OTHER,
    ][-1],
}  # type: ignore[dict-item]


@pytest.mark.parametrize("name", HARMLESS)
def test_what_every_view_shows_alike_is_left_alone(name: str) -> None:
    data = made(HARMLESS[name])
    assert inspect(InspectRequest(data=data)).notices == []
    with pikepdf.open(io.BytesIO(data)) as old, pikepdf.open(io.BytesIO(static(data))) as new:
        before, after = (pdf.pages[0].obj["/Resources"].to_json(dereference=True) for pdf in (old, new))
        assert before == after


def test_a_collection_is_named() -> None:
    file = Layered()
    file.pdf.Root["/Collection"] = pikepdf.Dictionary(View=N.T)
    data = file.written(b"")
    assert "pdf.notice.portfolio" in inspect(InspectRequest(data=data)).notices
    assert b"/Collection" not in static(data)


@pytest.mark.parametrize("damaged", [False, True], ids=["whole", "repaired"])
@pytest.mark.parametrize("on", [False, True], ids=["hidden", "shown"])
def test_a_file_with_layers_and_a_comment_is_accepted(damaged: bool, on: bool) -> None:
    """Upload and result are compared there. Hidden text is no difference that anybody sees."""

    def make(file: Layered) -> bytes:
        content = plain(on=on, content=MARKED + b"/OC /L BDC BT /F 9 Tf 400 300 Td (RAHASIA) Tj ET EMC ")(
            file
        )
        face = file.form(b"0 g 0 0 600 850 re f")
        comment = pikepdf.Dictionary(Type=N.Annot, Subtype=N.Stamp, Rect=[400, 600, 460, 660], F=4)
        comment["/AP"] = pikepdf.Dictionary(N=face)
        file.page["/Annots"] = pikepdf.Array([file.pdf.make_indirect(comment)])
        return content

    data = made(make)
    if damaged:
        data = data.replace(b"startxref", b"startxrof")
    found = receive(ReceptionRequest(data=data, stamps=1, limits=OutputLimits()))
    assert found.inspection.repaired is damaged
    assert "pdf.notice.layers" in found.inspection.notices
    assert found.differences == []
    assert ink_of(by_pdfium(found.instead)) == (True, on)


async def test_a_file_with_layers_is_stamped_for_later_signatures_too(bench: SealingBench) -> None:
    from meterai.pdf.profiles import Profile

    place = Placement(page=1, x=60, y=100, size=54.0)
    for profile in (Profile.FINAL, Profile.SIGN_LATER):
        sealed = await bench.seal(made(plain(on=False)), bench.stamp(place, profile.value), profile=profile)
        assert ink_of(by_pdfium(sealed, optimize_mode="print")) == (True, False)
        assert b"/OCProperties" not in sealed


def test_shown_squares_are_where_the_tests_look() -> None:
    assert ink_of(by_pdfium(Layered().written(b""))) == (True, False)
    assert ink_of(by_pdfium(Layered().written(OTHER))) == (True, True)
