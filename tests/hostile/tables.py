"""Files whose tables, object streams, trees and references run in circles or grow without end."""

from __future__ import annotations

import zlib

from tests.hostile.raw import PAGE, document, file, flate, stream, table

CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"


def previous_table_is_this_one() -> bytes:
    return document(trailer=b"/Prev %TABLE%")


def two_tables_name_each_other() -> bytes:
    first = document()
    at = first.rindex(b"xref\n0")
    second = table([], len(first), b"/Prev %d" % at)
    return first.replace(b"/Root 1 0 R", b"/Root 1 0 R /Prev %d" % len(first)) + second


def hybrid_stream_is_this_table() -> bytes:
    return document(trailer=b"/XRefStm %TABLE%")


def table_stream_before_itself() -> bytes:
    """A cross-reference stream (ISO 32000-1, 7.5.8) whose /Prev is its own place."""
    body = b"%PDF-1.7\n"
    places = []
    for number, item in enumerate((CATALOG, PAGES, PAGE), 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, item)
    start = len(body)
    rows = b"\0\0\0\0\xff" + b"".join(b"\1" + place.to_bytes(3, "big") + b"\0" for place in (*places, start))
    entries = b"/Type /XRef /Size 5 /W [1 3 1] /Root 1 0 R /Prev %d" % start
    return body + b"4 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (stream(rows, entries), start)


def table_stream_of_a_thousand_million() -> bytes:
    """/Size and /Index promise a thousand million entries of many bytes."""
    rows = zlib.compress(bytes(40_000_000))
    entries = (
        b"/Type /XRef /Size 2000000000 /W [1 3 1] /Index [0 1999999999] /Root 1 0 R /Filter /FlateDecode"
    )
    return b"%PDF-1.7\n1 0 obj\n" + stream(rows, entries) + b"\nendobj\nstartxref\n9\n%%EOF\n"


def table_of_a_thousand_million() -> bytes:
    data = document()
    return data.replace(b"xref\n0 4\n", b"xref\n0 2000000000\n")


def long_chain_of_tables(count: int = 10_000) -> bytes:
    """Ten thousand revisions, each naming the one before."""
    out = bytearray(document())
    at = out.rindex(b"xref\n0")
    for _ in range(count):
        start = len(out)
        out += b"xref\n0 0\ntrailer\n<< /Size 4 /Root 1 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (
            at,
            start,
        )
        at = start
    return bytes(out)


def object_streams_extend_each_other() -> bytes:
    return _with_object_stream(b"/Extends 5 0 R", b"/Extends 4 0 R")


def object_stream_inside_itself() -> bytes:
    """The stream's own length is an object inside it."""
    return _with_object_stream(b"/Length2 0", b"", length=b"10 0 R")


def _with_object_stream(first: bytes, second: bytes, length: bytes | None = None) -> bytes:
    body = b"%PDF-1.7\n"
    packed = b"10 0 11 35 " + b"<< /Type /Catalog /Pages 11 0 R >> << /Type /Pages /Kids [3 0 R] /Count 1 >>"
    places = {}
    for number, extra in ((4, first), (5, second)):
        places[number] = len(body)
        head = b"/Type /ObjStm /N 2 /First 11 " + extra
        item = stream(packed, head)
        if length:
            item = item.replace(b"/Length %d" % len(packed), b"/Length " + length)
        body += b"%d 0 obj\n%s\nendobj\n" % (number, item)
    places[3] = len(body)
    body += b"3 0 obj\n<< /Type /Page /Parent 11 0 R /MediaBox [0 0 595 842] >>\nendobj\n"
    start = len(body)
    rows = [b"\0\0\0\0\0"] * 13
    for number, place in (*places.items(), (12, start)):
        rows[number] = b"\1" + place.to_bytes(3, "big") + b"\0"
    rows[10], rows[11] = b"\2\0\0\4\0", b"\2\0\0\4\1"
    entries = b"/Type /XRef /Size 13 /W [1 3 1] /Root 10 0 R"
    body += b"12 0 obj\n%s\nendobj\n" % stream(b"".join(rows), entries)
    return body + b"startxref\n%d\n%%%%EOF\n" % start


def length_of_a_stream_is_the_stream() -> bytes:
    return document(
        b"<< /Length 4 0 R >>\nstream\n0 0 9 9 re f\nendstream", page=b"/Contents 4 0 R /Resources << >>"
    )


def reference_to_itself() -> bytes:
    return document(b"4 0 R", page=b"/Contents 4 0 R /Rotate 4 0 R /Resources 4 0 R")


def chain_of_references(count: int = 15_000) -> bytes:
    links = [b"%d 0 R" % (number + 5) for number in range(count)]
    return document(*links, stream(b"0 0 9 9 re f"), page=b"/Contents 4 0 R")


def parent_is_the_page() -> bytes:
    return file(CATALOG, PAGES, b"<< /Type /Page /Parent 3 0 R /Resources << >> >>")


def one_page_a_thousand_times() -> bytes:
    return document(pages=b"<< /Type /Pages /Kids [" + b"3 0 R " * 1000 + b"] /Count 1000 >>")


def tree_of_doubling_pages(depth: int = 60) -> bytes:
    """Each node holds the next one twice: 2^60 pages on two screens."""
    nodes = [b"<< /Type /Pages /Kids [%d 0 R %d 0 R] /Count 2 >>" % (n + 3, n + 3) for n in range(depth)]
    return file(CATALOG, *nodes, PAGE)


def negative_count() -> bytes:
    return document(pages=b"<< /Type /Pages /Kids [3 0 R] /Count -5 >>")


def deep_dictionaries(depth: int = 30_000) -> bytes:
    return document(catalog=b"/X " + b"<</X " * depth + b"0" + b">>" * depth)


def deep_arrays_in_an_object_stream(depth: int = 3_000) -> bytes:
    """Where a look at the raw bytes sees nothing: nesting inside a packed object stream."""
    packed = b"10 0 " + b"[" * depth + b"]" * depth
    return document(flate(packed, b"/Type /ObjStm /N 1 /First 5"), catalog=b"/X 10 0 R")


def deep_content(depth: int = 200_000) -> bytes:
    return document(flate(b"[" * depth), page=b"/Contents 4 0 R")


def outline_in_a_circle() -> bytes:
    return document(
        b"<< /Type /Outlines /First 5 0 R /Last 5 0 R /Count 1 >>",
        b"<< /Title (a) /Parent 4 0 R /Next 5 0 R /Prev 5 0 R /First 4 0 R /Last 4 0 R >>",
        catalog=b"/Outlines 4 0 R /PageMode /UseOutlines",
    )


def name_tree_in_a_circle() -> bytes:
    return document(
        b"<< /Kids [4 0 R 5 0 R] /Limits [(a) (z)] >>",
        b"<< /Kids [4 0 R] /Limits [(a) (z)] >>",
        catalog=b"/Names << /Dests 4 0 R /JavaScript 4 0 R >> /PageLabels 4 0 R",
    )


def fields_in_a_circle() -> bytes:
    return document(
        b"<< /T (a) /FT /Tx /Kids [4 0 R 5 0 R] /Parent 5 0 R >>",
        b"<< /T (b) /Kids [4 0 R] /Parent 4 0 R /Type /Annot /Subtype /Widget /Rect [0 0 9 9] >>",
        catalog=b"/AcroForm << /Fields [4 0 R] /NeedAppearances true >>",
        page=b"/Annots [4 0 R 5 0 R]",
    )


def wide_fields(count: int = 19_000) -> bytes:
    fields = [b"<< /T (f%d) /FT /Tx /V (x) >>" % number for number in range(count)]
    kids = b" ".join(b"%d 0 R" % (number + 4) for number in range(count))
    return document(*fields, catalog=b"/AcroForm << /NeedAppearances true /Fields [" + kids + b"] >>")


def many_annotations(count: int = 19_000) -> bytes:
    notes = b"<< /Type /Annot /Subtype /Text /Rect [0 0 9 9] /AP << /N 4 0 R >> >>" * count
    form = stream(b"0 0 9 9 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 9 9]")
    return document(form, page=b"/Annots [" + notes + b"]")


def structure_tree_in_a_circle() -> bytes:
    return document(
        b"<< /Type /StructTreeRoot /K 5 0 R /ParentTree 4 0 R >>",
        b"<< /S /P /P 4 0 R /K [5 0 R 4 0 R] /Pg 3 0 R >>",
        catalog=b"/StructTreeRoot 4 0 R /MarkInfo << /Marked true >>",
    )


def actions_in_a_circle() -> bytes:
    return document(
        b"<< /S /GoTo /D [3 0 R /Fit] /Next [5 0 R 4 0 R] >>",
        b"<< /S /JavaScript /JS (app.alert\\(1\\)) /Next 4 0 R >>",
        catalog=b"/OpenAction 4 0 R",
        page=b"/AA << /O 4 0 R >>",
    )


def doubling_actions(depth: int = 60) -> bytes:
    """/Next is an array that names the following action twice."""
    links = [b"<< /S /GoTo /D [3 0 R /Fit] /Next [%d 0 R %d 0 R] >>" % (n + 5, n + 5) for n in range(depth)]
    last = b"<< /S /GoTo /D [3 0 R /Fit] >>"
    return document(*links, last, catalog=b"/OpenAction 4 0 R")


def thousand_page_boxes() -> bytes:
    return document(page=b"/MediaBox [" + b"0 " * 100_000 + b"]")


def page_box_of_astronomic_size() -> bytes:
    return file(CATALOG, PAGES, b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 1e300 %s] >>" % (b"9" * 400))


def user_unit_of_astronomic_size() -> bytes:
    return document(page=b"/UserUnit 99999999999999999999999999")


def rotation_of_astronomic_size() -> bytes:
    return document(page=b"/Rotate 9223372036854775807")


def numbers_without_end() -> bytes:
    return document(page=b"/X " + b"9" * 5_000_000 + b" /Rotate " + b"9" * 100_000)


def name_without_end() -> bytes:
    return document(page=b"/" + b"A" * 1_000_000 + b" 1")


def string_of_brackets() -> bytes:
    return document(page=b"/X (" + b"(" * 2_000_000)


def comment_without_end() -> bytes:
    return document(page=b"%" + b"x" * 5_000_000)


def nothing_but_startxref() -> bytes:
    return b"%PDF-1.7\n" + b"startxref\n0\n%%EOF\n" * 100_000


def objects_without_a_table(count: int = 100_000) -> bytes:
    """A parser that repairs this has to read a hundred thousand object headers."""
    return b"%PDF-1.7\n" + b"1 0 obj\n<<>>\nendobj\n" * count + b"trailer << /Root 1 0 R >>\n"


def encryption_with_endless_rounds() -> bytes:
    """Tricks in /Encrypt: huge length, unknown revision, crypt filter that names itself."""
    return document(
        b"<< /Filter /Standard /V 5 /R 6 /Length 2147483647 /P -1 /O (%s) /U (%s) /OE (x) /UE (x) /Perms (x) "
        b"/CF << /A << /CFM /AESV3 /Length 4294967295 >> >> /StmF /A /StrF /A >>" % (b"o" * 48, b"u" * 48),
        trailer=b"/Encrypt 4 0 R /ID [(a) (a)]",
    )


def encryption_dictionary_is_the_page() -> bytes:
    return document(trailer=b"/Encrypt 3 0 R /ID [(a) (a)]")


def encryption_encrypts_itself() -> bytes:
    return document(
        b"<< /Filter /Standard /V 4 /R 4 /Length 128 /P -1 /O (%s) /U (%s) /CF << /X 4 0 R >> /StmF /X "
        b"/StrF /X /Parent 4 0 R >>" % (b"o" * 32, b"u" * 32),
        trailer=b"/Encrypt 4 0 R /ID [4 0 R 4 0 R]",
    )
