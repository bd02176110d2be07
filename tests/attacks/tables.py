"""Cross-reference tables that say different things to different readers, or lie."""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Callable, Mapping

import pikepdf

from tests.attacks.bases import Bases
from tests.attacks.evidence import (
    both,
    keeps_signed_bytes,
    looks_different,
    opens,
    qpdf_reads_otherwise,
)
from tests.attacks.forgery import OTHER_SUM
from tests.attacks.raw import anatomy, append, edited, objects_text, stream, table_text
from tests.attacks.suite import PROFILES, Attack, Maker, attacks
from tests.pdf import samples
from tests.verification.making import byte_range

_END = b"startxref\n%d\n%%%%EOF\n"


def table_stream(
    number: int,
    at: int,
    entries: Mapping[int, tuple[int, int, int]],
    *,
    root: int,
    previous: int,
    more: bytes = b"",
) -> bytes:
    """A cross-reference stream (ISO 32000-2, 7.5.8): entries are (type, field 2, field 3) by number."""
    every = {**entries, number: (1, at, 0)}
    rows = b"".join(struct.pack(">BIH", *row) for _number, row in sorted(every.items()))
    index = b" ".join(b"%d 1" % n for n in sorted(every))
    where = (index, max(every) + 1, root, previous)
    kind = b"/Type /XRef /W [1 4 2] /Index [%s] /Size %d /Root %d 0 R /Prev %d" % where
    return b"%d 0 obj\n%s\nendobj\n" % (number, stream(rows, kind))


def object_stream(*objects: tuple[int, bytes]) -> bytes:
    """An object stream (7.5.7) with these objects."""
    head, body = b"", b""
    for number, text in objects:
        head += b"%d %d " % (number, len(body))
        body += text + b" "
    packed = zlib.compress(head + body)
    kind = b"/Type /ObjStm /N %d /First %d /Filter /FlateDecode" % (len(objects), len(head))
    return stream(packed, kind)


def hybrid(_: Bases, data: bytes) -> bytes:
    """The table says nothing new; the stream that it points to (/XRefStm) exchanges the content."""
    parts = anatomy(data)
    text, offsets = objects_text({parts.content: stream(OTHER_SUM)}, len(data))
    at = len(data) + len(text)
    entries = {n: (1, place, 0) for n, place in offsets.items()}
    hidden = table_stream(parts.size, at, entries, root=parts.root, previous=parts.table)
    table = at + len(hidden)
    trailer = b"trailer\n<< /Size %d /Root %d 0 R /Prev %d /XRefStm %d >>\n"
    plain = table_text({0: 0}).replace(b"00001 f", b"65535 f")
    return (
        data + text + hidden + plain + trailer % (parts.size + 1, parts.root, parts.table, at) + _END % table
    )


def packed_content_page(_: Bases, data: bytes) -> bytes:
    """The page's dictionary redefined in an object stream."""
    parts = anatomy(data)
    page = edited(data, parts.page, {"/Contents": b"%d 0 R" % parts.size})
    return _packed(data, {parts.page: page}, {parts.size: stream(OTHER_SUM)})


def packed_signature(_: Bases, data: bytes) -> bytes:
    """The signature's dictionary redefined in an object stream, without contents."""
    parts = anatomy(data)
    changed = edited(data, parts.signature, {"/Contents": b"<00>", "/Reason": b"(x)"})
    return _packed(data, {parts.signature: changed}, {})


def packed_field(_: Bases, data: bytes) -> bytes:
    parts = anatomy(data)
    return _packed(data, {parts.field: edited(data, parts.field, {"/Rect": b"[0 0 600 800]"})}, {})


def _packed(data: bytes, packed: Mapping[int, bytes], plain: Mapping[int, bytes]) -> bytes:
    parts = anatomy(data)
    holder, table = parts.size + 5, parts.size + 6
    text, offsets = objects_text({**plain, holder: object_stream(*packed.items())}, len(data))
    entries = {n: (1, place, 0) for n, place in offsets.items()}
    entries |= {n: (2, holder, position) for position, n in enumerate(packed)}
    at = len(data) + len(text)
    stream_text = table_stream(table, at, entries, root=parts.root, previous=parts.table)
    return data + text + stream_text + _END % at


def two_startxrefs(_: Bases, data: bytes) -> bytes:
    """Two in a row: the last one is genuine, the one before leads to Mallory's table."""
    changed = append(data, {anatomy(data).content: stream(OTHER_SUM)})
    return changed + _END % anatomy(data).table


def two_startxrefs_other_way(_: Bases, data: bytes) -> bytes:
    """The last one is Mallory's, the genuine one stands right before it."""
    changed = append(data, {anatomy(data).content: stream(OTHER_SUM)}, end=b"")
    place = changed.rindex(b"startxref")
    return changed[:place] + _END % anatomy(data).table + changed[place:] + b"%%EOF\n"


def two_numbers(_: Bases, data: bytes) -> bytes:
    changed = append(data, {anatomy(data).content: stream(OTHER_SUM)}, end=b"")
    return changed + b"%d\n%%%%EOF\n" % anatomy(data).table


def startxref_in_comment(_: Bases, data: bytes) -> bytes:
    changed = append(data, {anatomy(data).content: stream(OTHER_SUM)})
    return changed + b"%%startxref\n%% %d\n%%%%EOF\n" % anatomy(data).table


def table_behind_end(_: Bases, data: bytes) -> bytes:
    """The table stands behind the last %%EOF; the number that leads there before it."""
    parts = anatomy(data)
    text, offsets = objects_text({parts.content: stream(OTHER_SUM)}, len(data))
    place = len(data) + len(text) + len(_END % 1_000_000)
    end = (b"startxref\n%07d\n%%%%EOF\n" % place).ljust(len(_END % 1_000_000))
    trailer = b"trailer\n<< /Size %d /Root %d 0 R /Prev %d >>\n" % (parts.size, parts.root, parts.table)
    return data + text + end + table_text(offsets) + trailer


def loop(_: Bases, data: bytes) -> bytes:
    """The new table names itself as the one before."""
    parts = anatomy(data)
    objects = {parts.content: stream(OTHER_SUM)}
    text, _offsets = objects_text(objects, len(data))
    return append(data, objects, previous=len(data) + len(text))


def past_our_table(_: Bases, data: bytes) -> bytes:
    """The new table leaves out the revision that brought the stamp, yet names its objects itself."""
    parts = anatomy(data)
    first = data.index(b"xref\n") if data.index(b"xref\n") < parts.table else parts.table
    return append(data, {parts.content: stream(OTHER_SUM)}, previous=first)


def into_the_gap(_: Bases, data: bytes) -> bytes:
    """An entry that points into the signature's contents."""
    _zero, start, _end, _rest = byte_range(data)
    return append(data, entries={anatomy(data).content: start + 5000})


def beyond_the_file(_: Bases, data: bytes) -> bytes:
    return append(data, entries={anatomy(data).content: 9_999_999})


def onto_another_object(_: Bases, data: bytes) -> bytes:
    """The page's content is said to lie where the stamp's field does."""
    parts = anatomy(data)
    return append(data, entries={parts.content: data.rindex(b"%d 0 obj" % parts.field)})


def freed(_: Bases, data: bytes) -> bytes:
    return append(data, entries={anatomy(data).content: 0})


def signature_freed(_: Bases, data: bytes) -> bytes:
    return append(data, entries={anatomy(data).signature: 0})


def next_generation(_: Bases, data: bytes) -> bytes:
    """The content again under the next generation number: some readers look at the number alone."""
    parts = anatomy(data)
    changed = append(data, {parts.content: stream(OTHER_SUM)}, generation=1)
    head = b"%d 0 obj\n" % parts.content
    place = changed.rindex(head)
    return changed[:place] + b"%d 1 obj\n" % parts.content + changed[place + len(head) :]


def hidden_second_object(_: Bases, data: bytes) -> bytes:
    """Archive data whose revision holds one more object that no table names."""
    parts = anatomy(data)
    number = parts.size
    root = edited(data, parts.root, {"/DSS": b"<< /Certs [%d 0 R] >>" % number})
    changed = append(data, {number: stream(b"0"), parts.root: root})
    place = changed.rindex(b"xref\n", 0, changed.rindex(b"startxref"))
    extra = b"%d 0 obj\n%s\nendobj\n" % (parts.content, stream(OTHER_SUM))
    moved = changed[:place] + extra + changed[place:]
    old = b"startxref\n%d\n" % place
    return moved.replace(old, b"startxref\n%d\n" % (place + len(extra)))


def archived_by_hand(data: bytes) -> bytes:
    """The file with a plain revision of archive data, which by itself is allowed."""
    parts = anatomy(data)
    root = edited(data, parts.root, {"/DSS": b"<< /Certs [%d 0 R] >>" % parts.size})
    return append(data, {parts.size: stream(b"0"), parts.root: root})


def _catalogs(data: bytes) -> tuple[bytes, bytes, dict[int, bytes]]:
    """A catalog with archive data, one that leads to another page besides, and all that they need."""
    parts = anatomy(data)
    store, pages, page, content = range(parts.size, parts.size + 4)
    entries = {"/DSS": b"<< /Certs [%d 0 R] >>" % store}
    good = edited(data, parts.root, entries)
    evil = edited(data, parts.root, {**entries, "/Pages": b"%d 0 R" % pages})
    box = {
        "/Parent": b"%d 0 R" % pages,
        "/Contents": b"%d 0 R" % content,
        "/MediaBox": b"[0 0 595.28 841.89]",
    }
    more = {
        store: stream(b"0"),
        pages: b"<< /Type /Pages /Count 1 /Kids [%d 0 R] >>" % page,
        page: edited(data, parts.page, box),
        content: stream(OTHER_SUM),
    }
    return good, evil, more


def named_twice(between: bytes) -> Maker:
    """The table names the catalog twice; the one that the first entry leads to hides from whoever looks for
    objects, with `between` behind its number."""

    def make(_: Bases, data: bytes) -> bytes:
        parts, (good, evil, more) = anatomy(data), _catalogs(data)
        text, offsets = objects_text({**more, parts.root: good}, len(data))
        hidden = len(data) + len(text)
        text += b"%d%s0 obj\n%s\nendobj\n" % (parts.root, between, evil)
        twice = table_text({parts.root: hidden}) + table_text(offsets).removeprefix(b"xref\n")
        trailer = b"trailer\n<< /Size %d /Root %d 0 R /Prev %d >>\n"
        end = trailer % (max(more) + 1, parts.root, parts.table) + _END % (len(data) + len(text))
        return data + text + twice + end

    return make


def packed_twice(_: Bases, data: bytes) -> bytes:
    """The catalog stands twice in one object stream; the table names the first."""
    parts, (good, evil, more) = anatomy(data), _catalogs(data)
    holder, table = max(more) + 1, max(more) + 2
    packed = object_stream((parts.root, good), (parts.root, evil))
    text, offsets = objects_text({**more, holder: packed}, len(data))
    entries = {n: (1, place, 0) for n, place in offsets.items()} | {parts.root: (2, holder, 0)}
    at = len(data) + len(text)
    return data + text + table_stream(table, at, entries, root=parts.root, previous=parts.table) + _END % at


def packed_unnamed(_: Bases, data: bytes) -> bytes:
    """An object stream brings archive data, and a content that no table names."""
    parts = anatomy(data)
    holder, table = parts.size, parts.size + 1
    root = edited(data, parts.root, {"/DSS": b"<< >>"})
    page = edited(data, parts.page, {"/Rotate": b"180"})
    text, offsets = objects_text({holder: object_stream((parts.root, root), (parts.page, page))}, len(data))
    entries = {n: (1, place, 0) for n, place in offsets.items()} | {parts.root: (2, holder, 0)}
    at = len(data) + len(text)
    return data + text + table_stream(table, at, entries, root=parts.root, previous=parts.table) + _END % at


def unknown_type(_: Bases, data: bytes) -> bytes:
    """An entry of a type that nobody knows: the content is there to one reader and nothing to another."""
    parts, at = anatomy(data), len(data)
    entries = {parts.content: (3, 0, 0)}
    return data + table_stream(parts.size, at, entries, root=parts.root, previous=parts.table) + _END % at


def beyond_the_count(_: Bases, data: bytes) -> bytes:
    """What is done on opening, which the document did not count as an object, is replaced by a script."""
    parts, at = anatomy(data), len(data)
    text = b"%d 0 obj\n<< /S /JavaScript /JS (app.alert\\(1\\)) >>\nendobj\n" % samples.BEYOND
    number, table = samples.BEYOND + 1, at + len(text)
    entries = {samples.BEYOND: (1, at, 0)}
    return (
        data
        + text
        + table_stream(number, table, entries, root=parts.root, previous=parts.table)
        + _END % table
    )


def opens_with_a_script(_: bytes, forged: bytes) -> bool:
    with pikepdf.open(io.BytesIO(forged)) as pdf:
        return bool(pdf.Root.OpenAction.S == "/JavaScript")


def hidden_behind(between: bytes) -> Maker:
    """As the hidden second object, with `between` behind its number."""

    def make(bases: Bases, data: bytes) -> bytes:
        changed, head = hidden_second_object(bases, data), b"%d 0 obj" % anatomy(data).content
        place = changed.rindex(head)
        told = int(changed[changed.rindex(b"startxref\n") + 10 :].split()[0])
        other = head.replace(b" ", between, 1)
        changed = changed[:place] + other + changed[place + len(head) :]
        return changed.replace(b"startxref\n%d\n" % told, b"startxref\n%d\n" % (told + len(between) - 1))

    return make


def packed_archive(data: bytes) -> bytes:
    """Archive data in an object stream, which is allowed."""
    parts = anatomy(data)
    root = edited(data, parts.root, {"/DSS": b"<< /Certs [%d 0 R] >>" % parts.size})
    return _packed(data, {parts.root: root}, {parts.size: stream(b"0")})


def stumbling(old: bytes, new: bytes) -> Maker:
    """Archive data under a table that makes some readers look for the objects themselves.

    They find what a signed stream holds, dressed as an object.
    """

    def make(_: Bases, data: bytes) -> bytes:
        archived = archived_by_hand(data)
        place = archived.rindex(old)
        return archived[:place] + new + archived[place + len(old) :]

    return make


def startxref_early(_: Bases, data: bytes) -> bytes:
    """As @signpdf writes: readers skip the end of the line before the table. No attack (`harmless`)."""
    archived = archived_by_hand(data)
    place = archived.rindex(b"startxref\n")
    return archived[:place] + re.sub(rb"\d+", lambda n: b"%d" % (int(n[0]) - 1), archived[place:], count=1)


def encrypted_afterwards(_: Bases, data: bytes) -> bytes:
    """The new trailer claims that the file is encrypted."""
    encrypt = b"/Encrypt << /Filter /Standard /V 1 /R 2 /O <%s> /U <%s> /P -4 >> /ID [<00> <00>]" % (
        b"00" * 32,
        b"00" * 32,
    )
    return append(data, {anatomy(data).content: stream(OTHER_SUM)}, trailer=encrypt)


def info_is_the_page(_: Bases, data: bytes) -> bytes:
    """Document information may change; so the trailer says that the page is the document information."""
    parts = anatomy(data)
    page = edited(data, parts.page, {"/Rotate": b"180"})
    return append(data, {parts.page: page}, trailer=b"/Info %d 0 R" % parts.page)


def metadata_is_the_content(_: Bases, data: bytes) -> bytes:
    """Metadata may change; so the catalog says that the page's content is the metadata."""
    parts = anatomy(data)
    root = edited(data, parts.root, {"/Metadata": b"%d 0 R" % parts.content})
    content = stream(OTHER_SUM, b"/Type /Metadata /Subtype /XML")
    return append(data, {parts.root: root, parts.content: content})


SEEN: dict[str, Maker] = {
    "page in an object stream": packed_content_page,
    "field in an object stream": packed_field,
    "second startxref before the end": two_startxrefs_other_way,
    "startxref in a comment": startxref_in_comment,
    "next generation": next_generation,
    "page as document information": info_is_the_page,
    "content as metadata": metadata_is_the_content,
}
UNSEEN: dict[str, Maker] = {
    "hybrid": hybrid,
    "signature in an object stream": packed_signature,
    "second startxref behind the end": two_startxrefs,
    "two numbers behind startxref": two_numbers,
    "table behind the end": table_behind_end,
    "loop": loop,
    "past our own table": past_our_table,
    "hidden object among archive data": hidden_second_object,
    "encrypted afterwards": encrypted_afterwards,
}
TWICE: dict[str, Maker] = {
    "catalog twice in a table, once behind a comment": named_twice(b"%\n"),
    "catalog twice in a table": named_twice(b" "),
    "catalog twice in an object stream": packed_twice,
}
HIDDEN: dict[str, Maker] = {
    "page in an object stream, unnamed": packed_unnamed,
    "content of an unknown type": unknown_type,
    "hidden object behind a comment": hidden_behind(b"%\n"),
    "hidden object behind comments": hidden_behind(b"% 1\r%\n\f"),
    "hidden object behind a null byte": hidden_behind(b"\0"),
}
POINTERS: dict[str, Maker] = {
    "pointer into the signature's contents": into_the_gap,
    "pointer beyond the file": beyond_the_file,
    "pointer onto another object": onto_another_object,
    "content freed": freed,
    "signature freed": signature_freed,
}

STUMBLING: dict[str, Maker] = {
    "trailer without a catalog": stumbling(b"/Root ", b"/Toor "),
    "trailer with two catalogs": stumbling(b"/Prev ", b"/A << /Root 1 0 R >> /Prev "),
    "lines of a table too short": stumbling(b" n \ntrailer", b" n\ntrailer"),
    "startxref and its number on one line": stumbling(b"startxref\n", b"startxref "),
}

COUNTED_SHORT = "counted short, approval"
PREPARED: dict[str, Callable[[Bases], bytes]] = {COUNTED_SHORT: lambda b: b.signed(samples.counted_short())}

ATTACKS: list[Attack] = [
    *attacks(
        "tables",
        SEEN,
        on=PROFILES,
        shows=both(looks_different, keeps_signed_bytes),
    ),
    *attacks("tables", UNSEEN, on=PROFILES, shows=keeps_signed_bytes),
    *attacks("tables", TWICE, on=(*PROFILES, "two"), shows=both(qpdf_reads_otherwise, keeps_signed_bytes)),
    *attacks("tables", HIDDEN, on=PROFILES, shows=both(opens, keeps_signed_bytes)),
    *attacks(
        "tables",
        {"object beyond the count": beyond_the_count},
        on=(COUNTED_SHORT,),
        shows=both(keeps_signed_bytes, opens_with_a_script),
    ),
    *attacks("tables", STUMBLING, on=("two contents, approval", "final"), shows=keeps_signed_bytes),
    *attacks(
        "tables",
        POINTERS,
        on=PROFILES,
        shows=both(opens, keeps_signed_bytes),
    ),
]
