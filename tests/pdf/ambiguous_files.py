"""Files that two programs may read in two ways, written byte by byte.

Each says LOW to one reader and HIGH to another one, or could.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import pikepdf

LOW, HIGH = b"Rp 1.000.000", b"Rp 9.000.000"
COVER = b"1 g 60 690 400 40 re f 0 g "
"""Paints over what was said before."""


def words(text: bytes) -> bytes:
    return b"BT /F1 24 Tf 72 700 Td (Nilai: %s) Tj ET" % text


def stream(data: bytes, entries: bytes = b"", length: bytes = b"") -> bytes:
    return b"<< %s /Length %s >>\nstream\n%s\nendstream" % (entries, length or b"%d" % len(data), data)


def bodies(content: bytes, page: bytes = b"/Contents 4 0 R") -> list[bytes]:
    """Catalog, page tree, page, content, font."""
    return [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842]"
        b" /Resources << /Font << /F1 5 0 R >> >> %s >>" % page,
        content,
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]


class Writer:
    """A file being written. `at` remembers where objects begin."""

    def __init__(self, start: bytes = b"%PDF-1.7\n%\xbf\xf7\xa2\xfe\n") -> None:
        self.out = bytearray(start)
        self.at: dict[int, int] = {}

    def add(self, number: int, body: bytes) -> int:
        place = len(self.out)
        self.out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
        self.at[number] = place
        return place

    def add_all(self, found: Sequence[bytes]) -> Writer:
        for number, body in enumerate(found, 1):
            self.add(number, body)
        return self

    def table(
        self,
        parts: Sequence[tuple[int, Sequence[int]]] | None = None,
        *,
        more: bytes = b"",
        start: int | None = None,
    ) -> bytes:
        """Ends the file with a table. `parts`: subsections, each a first number and places (0: free)."""
        place = len(self.out) if start is None else start
        numbers = sorted(self.at)
        parts = parts or [(0, [0, *(self.at.get(number, 0) for number in range(1, numbers[-1] + 1))])]
        self.out += b"xref\n"
        for first, places in parts:
            self.out += b"%d %d\n" % (first, len(places))
            for there in places:
                self.out += b"%010d 00000 n \n" % there if there else b"0000000000 65535 f \n"
        size = max(first + len(places) for first, places in parts)
        if b"/Size" not in more:
            more += b" /Size %d" % size
        self.out += b"trailer\n<< /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (more, place)
        return bytes(self.out)


def plain(text: bytes = LOW) -> bytes:
    """A regular file."""
    return Writer().add_all(bodies(stream(words(text)))).table()


def number_twice_in_a_table(first: bytes, second: bytes) -> bytes:
    file = Writer().add_all(bodies(stream(words(first))))
    one = dict(file.at)
    other = file.add(4, stream(words(second)))
    everything = [0, one[1], one[2], one[3], one[4], one[5]]
    return file.table([(0, everything), (4, [other])])


def number_twice_in_a_damaged_table(first: bytes, second: bytes) -> bytes:
    file = Writer().add_all(bodies(stream(words(first))))
    one = dict(file.at)
    other = file.add(4, stream(words(second)))
    return file.table([(0, [0, one[1], one[2], one[3], one[4], one[5]]), (4, [other])], start=7)


def number_twice_without_a_table(first: bytes, second: bytes) -> bytes:
    file = Writer().add_all(bodies(stream(words(first))))
    file.add(4, stream(words(second)))
    return bytes(file.out) + b"trailer\n<< /Root 1 0 R /Size 6 >>\n%%EOF\n"


def entry_of_another_object(first: bytes, second: bytes) -> bytes:
    """The table says that object 4 is where object 6 is."""
    file = Writer().add_all(bodies(stream(words(first))))
    one = dict(file.at)
    other = file.add(6, stream(words(second)))
    return file.table([(0, [0, one[1], one[2], one[3], other, one[5], other])])


def entry_between_objects(first: bytes, second: bytes) -> bytes:
    """The table names a place in front of the second object 4, whose number is only its end."""
    file = Writer().add_all(bodies(stream(words(first))))
    one = dict(file.at)
    other = file.add(14, stream(words(second)))
    return file.table([(0, [0, one[1], one[2], one[3], other + 1, one[5]])])


def object_in_no_table(first: bytes, second: bytes) -> bytes:
    file = Writer().add_all(bodies(stream(words(first))))
    one = dict(file.at)
    file.add(4, stream(words(second)))
    return file.table([(0, [0, one[1], one[2], one[3], one[4], one[5]])])


def object_in_no_table_and_no_start(first: bytes, second: bytes) -> bytes:
    return object_in_no_table(first, second).replace(b"startxref\n", b"startxref\n9")


def two_files_in_one(first: bytes, second: bytes) -> bytes:
    return plain(first) + plain(second)


def a_file_behind_another(first: bytes, second: bytes) -> bytes:
    """The second one's places are counted from the beginning of all bytes."""
    front = plain(first)
    file = Writer(front + b"%PDF-1.7\n").add_all(bodies(stream(words(second))))
    return file.table()


def before_the_header(first: bytes, second: bytes) -> bytes:
    """Places that mean one object counted from the first byte, another counted from the header."""
    junk = b"x" * 200 + b"\n"
    file = Writer(junk + b"%PDF-1.7\n").add_all(bodies(stream(words(first))))
    one = dict(file.at)
    file.out += b"%" + b" " * 400 + b"\n"
    file.add(4, stream(words(second)))
    return file.table([(0, [0, one[1], one[2], one[3], one[4], one[5]])])


def places_from_the_header(first: bytes, second: bytes) -> bytes:
    inner = plain(first)
    return b"x" * 300 + b"\n" + inner + b"% " + second + b"\n"


def after_the_end(first: bytes, second: bytes) -> bytes:
    file = Writer(plain(first))
    file.add(4, stream(words(second)))
    return bytes(file.out)


def after_the_end_with_a_trailer(first: bytes, second: bytes) -> bytes:
    file = Writer(plain(first))
    file.add(4, stream(words(second)))
    return bytes(file.out) + b"trailer\n<< /Root 1 0 R /Size 6 >>\n"


def no_end(first: bytes, second: bytes) -> bytes:
    data = object_in_no_table(first, second)
    return data[: data.rindex(b"startxref")]


def length_too_short(first: bytes, second: bytes) -> bytes:
    """Read by its length the stream says one thing; read up to its end, another."""
    hidden = b"\n" + COVER + words(second)
    return Writer().add_all(bodies(stream(words(first) + hidden, length=b"%d" % len(words(first))))).table()


def length_too_long(first: bytes, second: bytes) -> bytes:
    data = words(first)
    body = stream(data, length=b"%d" % (len(data) + 400))
    file = Writer().add_all(bodies(body))
    file.add(6, stream(words(second)))
    return file.table()


def length_elsewhere_twice(first: bytes, second: bytes) -> bytes:
    """The length is an object, of which there are two."""
    hidden = b"\n" + COVER + words(second)
    file = Writer().add_all(bodies(stream(words(first) + hidden, length=b"6 0 R")))
    short = file.add(6, b"%d" % len(words(first)))
    file.add(6, b"%d" % len(words(first) + hidden))
    one = file.at
    return file.table([(0, [0, one[1], one[2], one[3], one[4], one[5], short])])


def no_length(first: bytes, second: bytes) -> bytes:
    body = stream(words(first) + b"\nendstream\n" + words(second)).replace(b"/Length", b"/Longth")
    return Writer().add_all(bodies(body)).table()


def key_twice(first: bytes, second: bytes) -> bytes:
    found = [*bodies(stream(words(first)), b"/Contents 4 0 R /Contents 6 0 R"), stream(words(second))]
    return Writer().add_all(found).table()


def root_twice(first: bytes, second: bytes) -> bytes:
    found = [
        *bodies(stream(words(first))),
        b"<< /Type /Catalog /Pages 7 0 R >>",
        b"<< /Type /Pages /Kids [8 0 R] /Count 1 >>",
        bodies(b"")[2].replace(b"/Parent 2", b"/Parent 7").replace(b"/Contents 4", b"/Contents 9"),
        stream(words(second)),
    ]
    return Writer().add_all(found).table(more=b"/Root 6 0 R")


def two_generations(first: bytes, second: bytes) -> bytes:
    file = Writer().add_all(bodies(stream(words(first))))
    one = dict(file.at)
    place = len(file.out)
    file.out += b"4 1 obj\n%s\nendobj\n" % stream(words(second))
    return file.table([(0, [0, one[1], one[2], one[3], place, one[5]])])


def beyond_the_size(first: bytes, second: bytes) -> bytes:
    found = [*bodies(stream(words(first)), b"/Contents [4 0 R 6 0 R]"), stream(COVER + words(second))]
    return Writer().add_all(found).table(more=b"/Size 6")


def hybrid(first: bytes, second: bytes) -> bytes:
    """A table and a stream for the same revision, which name different objects 4."""
    file = Writer().add_all(bodies(stream(words(first))))
    one = dict(file.at)
    other = file.add(4, stream(words(second)))
    rows = b"".join(b"\1" + place.to_bytes(4) + b"\0" for place in (one[1], one[2], one[3], other, one[5]))
    entries = b"/Type /XRef /W [1 4 1] /Index [1 5] /Size 7 /Root 1 0 R"
    there = file.add(6, stream(rows, entries))
    table = [0, one[1], one[2], one[3], one[4], one[5], there]
    return file.table([(0, table)], more=b"/XRefStm %d" % there)


def packed_twice(first: bytes, second: bytes) -> bytes:
    """An object stream lists a page's dictionary twice."""
    return _packed(first, second, index=0)


def packed_at_another_index(first: bytes, second: bytes) -> bytes:
    """By the index in the table another object is meant than by its number."""
    return _packed(first, second, index=1)


def _packed(first: bytes, second: bytes, *, index: int) -> bytes:
    found = bodies(b"")
    page = found[2]
    other = page.replace(b"/Contents 4", b"/Contents 7")
    inside = [(3, page), (3 if not index else 9, other)]
    head, text = b"", b""
    for number, body in inside:
        head += b"%d %d " % (number, len(text))
        text += body + b" "
    file = Writer()
    places = {}
    apart = {1: found[0], 2: found[1], 4: stream(words(first)), 5: found[4], 7: stream(words(second))}
    for number, body in apart.items():
        places[number] = file.add(number, body)
    packed = stream(head + text, b"/Type /ObjStm /N 2 /First %d" % len(head))
    places[6] = file.add(6, packed)
    places[8] = len(file.out)
    rows = b""
    for number in range(10):
        if number in places:
            rows += b"\1" + places[number].to_bytes(4) + b"\0"
        elif number == 3:
            rows += b"\2" + (6).to_bytes(4) + bytes([index])
        else:
            rows += b"\0" + (0).to_bytes(4) + b"\0"
    file.add(8, stream(rows, b"/Type /XRef /W [1 4 1] /Size 10 /Root 1 0 R"))
    return bytes(file.out) + b"startxref\n%d\n%%%%EOF\n" % places[8]


def object_in_an_object(first: bytes, second: bytes) -> bytes:
    """No `endobj` behind the first object 4."""
    file = Writer().add_all(bodies(stream(words(first))))
    one = dict(file.at)
    file.out += b"10 0 obj\n<< /X 1 >>\n"
    file.add(4, stream(words(second)))
    return file.table([(0, [0, one[1], one[2], one[3], one[4], one[5]])])


def older_table_named(first: bytes, second: bytes) -> bytes:
    """A revision behind which `startxref` names the older table."""
    old = plain(first)
    file = Writer(old)
    there = file.add(4, stream(words(second)))
    start = int(old.split(b"startxref\n")[1].split()[0])
    return file.table([(4, [there])], more=b"/Size 6 /Prev %d" % start, start=start)


def content_in_no_dictionary(first: bytes, second: bytes) -> bytes:
    """The keyword `stream` is followed by a carriage return alone, which is data to some readers."""
    return plain(first).replace(b"stream\nBT", b"stream\rBT")


MADE: dict[str, Callable[[bytes, bytes], bytes]] = {
    made.__name__.replace("_", " "): made
    for made in (
        number_twice_in_a_table,
        number_twice_in_a_damaged_table,
        number_twice_without_a_table,
        entry_of_another_object,
        entry_between_objects,
        object_in_no_table,
        object_in_no_table_and_no_start,
        object_in_an_object,
        two_files_in_one,
        a_file_behind_another,
        before_the_header,
        places_from_the_header,
        after_the_end,
        after_the_end_with_a_trailer,
        no_end,
        length_too_short,
        length_too_long,
        length_elsewhere_twice,
        no_length,
        key_twice,
        root_twice,
        two_generations,
        beyond_the_size,
        hybrid,
        packed_twice,
        packed_at_another_index,
        older_table_named,
        content_in_no_dictionary,
    )
}
"""All are irregular, or qpdf has to guess."""


def with_content_twice(data: bytes, page: int = 1) -> bytes:
    """A file of another producer, in whose table the content of a page has two entries. The second is false.

    The file must have a table of the old kind, and one revision.
    """
    with pikepdf.open(io.BytesIO(data)) as pdf:
        content = pdf.pages[page - 1].obj["/Contents"]
        number = (content if isinstance(content, pikepdf.Stream) else content[0]).objgen[0]
    start = data.rindex(b"\nxref") + 1
    trailer = data.index(b"trailer", start)
    other = b"%d 0 obj\n%s\nendobj\n" % (number, stream(words(HIGH)))
    again = b"%d 1\n%010d 00000 n \n" % (number, start)
    end = data[trailer : data.rindex(b"startxref")]
    moved = data[:start] + other + data[start:trailer] + again + end
    return moved + b"startxref\n%d\n%%%%EOF\n" % (start + len(other))
