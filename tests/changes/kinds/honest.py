"""What people do to a sealed file who mean no harm."""

from __future__ import annotations

from collections.abc import Callable

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, append_signature_field

from meterai.stamping.in_jail.increment import IncrementWriter
from meterai.verification.model import Verdict
from tests.attacks.programs import by_libreoffice, by_poppler
from tests.attacks.raw import append
from tests.attacks.signing import signed_by_somebody
from tests.changes.faces import at, drawn, filled, handwriting, lettered, signs, signs_there
from tests.changes.kind import (
    ADDED,
    ADDED_IF_OPEN,
    GENUINE,
    Kind,
    Make,
    Start,
    Verdicts,
    if_open,
    kinds,
    one_of,
)
from tests.changes.kinds.archives import archived, dated, then
from tests.changes.kinds.strangers import MM, behind_the_amount
from tests.changes.pages import PLACES

BLANK = at(60, 230, 160, 60)
OTHER = at(330, 230, 160, 60)
PEN = handwriting()
FIRST, SECOND, THIRD = PLACES


def unseen(name: str = "Siti", **options: object) -> Make:
    return lambda s: signed_by_somebody(s.data, name=name, forced=True, **options)  # type: ignore[arg-type]


def _on_the_last_page(start: Start) -> bytes | None:
    if start.page.name != "forty pages":
        return None

    def edit(writer: IncrementalPdfFileWriter) -> None:
        append_signature_field(writer, SigFieldSpec("Siti", on_page=39, box=BLANK(start)))

    return signed_by_somebody(start.data, name="Siti", edit=edit, existing=True, forced=True)


def _after_a_line_end(line_end: bytes) -> Make:
    """A program that puts a line end before its own revision."""
    return lambda s: signed_by_somebody(s.data + line_end, name="Siti", forced=True)


def _with_a_form(sign: Callable[[Start], bytes]) -> Make:
    """Where the form is an object of its own, as these copies of other programs' work need it."""
    return lambda start: sign(start) if start.parts.form else None


SIGNED = {
    "without a face": unseen(),
    "without a face, by another writer": unseen(writing=IncrementWriter),
    "on blank paper": signs(BLANK, PEN),
    "on blank paper, a name": signs(BLANK, lettered("Siti Rahma")),
    "on blank paper, a black square": signs(BLANK, filled(b"0 g")),
    "on blank paper, nothing drawn": signs(BLANK, drawn(b"")),
    "on the right": signs(OTHER, PEN),
    "small": signs(at(300, 300, 40, 20), PEN),
    "as large as may be": signs(at(40, 225, 88 * MM, 48 * MM), PEN),
    "by two": then(signs(BLANK, PEN, name="Siti"), signs(OTHER, PEN, name="Tono")),
    "by three, one without a face": then(
        signs(BLANK, PEN, name="Siti"), unseen("Tono"), signs(OTHER, PEN, name="Wati")
    ),
    "on the last page": _on_the_last_page,
    "by LibreOffice": _with_a_form(lambda s: by_libreoffice(s.data)),
    "by Poppler": _with_a_form(lambda s: by_poppler(s.data, name="Siti")),
    "then archive data": then(signs(BLANK, PEN), archived),
    "then a time stamp": then(signs(BLANK, PEN), dated),
    "then archive data and a time stamp": then(signs(BLANK, PEN), archived, dated),
    "after archive data": then(archived, signs(BLANK, PEN)),
    "after a time stamp": then(dated, signs(BLANK, PEN)),
}


def _added_near_text(start: Start) -> Verdicts:
    """Letters that lie on their side look like a line of text beside the place."""
    turned = one_of(Verdict.WITH_ADDITIONS, Verdict.CANNOT_CHECK)
    return turned(start) if start.page.rotation else ADDED(start)


NEAR_TEXT = {
    "above the line": signs(at(335, 424, 190, 40), PEN),
    "above the printed name": signs(at(345, 422, 150, 36), PEN),
    "40 mm behind the amount": signs(behind_the_amount(40, 60), PEN),
}
LINE_ENDS = {"a line feed": b"\n", "CR LF": b"\r\n", "two line feeds": b"\n\n", "a blank": b" "}
BY_POPPLER = {
    "by Poppler, on blank paper": _with_a_form(lambda s: by_poppler(s.data, BLANK(s), name="Siti")),
}


def _added_upright(start: Start) -> Verdicts:
    """Poppler's faces do not turn with a page. Readers place them differently on a turned one."""
    return one_of(Verdict.CANNOT_CHECK)(start) if start.page.rotation else ADDED(start)


KINDS: list[Kind] = [
    *kinds("honest", {"nothing": lambda s: s.data}, right=GENUINE),
    *kinds("signed later", SIGNED, right=ADDED_IF_OPEN),
    *kinds("signed later", BY_POPPLER, right=if_open(_added_upright)),
    *kinds("signed later", NEAR_TEXT, right=if_open(_added_near_text)),
    *kinds(
        "signed in its field",
        {
            "the first": signs_there(FIRST, PEN),
            "the one over the line": signs_there(SECOND, PEN),
            "the one over a name": signs_there(THIRD, PEN),
            "two of them": then(signs_there(FIRST, PEN), signs_there(SECOND, PEN)),
            "the first, black": signs_there(FIRST, filled(b"0 g")),
            "the first, and somebody on blank paper": then(signs_there(FIRST, PEN), signs(BLANK, PEN)),
        },
        right=ADDED_IF_OPEN,
    ),
    *kinds(
        "line end",
        {f"{name}, then signed": _after_a_line_end(text) for name, text in LINE_ENDS.items()},
        right=ADDED_IF_OPEN,
    ),
    *kinds(
        "line end",
        {f"{name} behind": (lambda s, text=text: s.data + text) for name, text in LINE_ENDS.items()},
        right=one_of(Verdict.GENUINE, Verdict.NOT_GENUINE, Verdict.CANNOT_CHECK),
    ),
    *kinds(
        "honest",
        {
            "CR LF, then archive data": lambda s: archived(
                Start(data=s.data + b"\r\n", bases=s.bases, profile=s.profile, page=s.page)
            ),
            "a revision without a change, twice": then(
                lambda s: append(s.data, entries={0: 0}), lambda s: append(s.data, entries={0: 0})
            ),
        },
        right=GENUINE,
    ),
]
