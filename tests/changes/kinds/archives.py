"""Archive data and document time stamps: honest ones, and those that bring something else along."""

from __future__ import annotations

from collections.abc import Callable

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name, pdf_string

from meterai.stamping.in_jail.archive_extension import extend
from meterai.stamping.requests import ExtendRequest
from meterai.verification.model import Verdict
from tests.attacks import archive, harmless
from tests.attacks.raw import append
from tests.attacks.signing import Edit, with_archive_stamp, with_store
from tests.attacks.tables import archived_by_hand, packed_archive
from tests.changes.faces import at
from tests.changes.kind import GENUINE, REFUSED, Kind, Make, Start, kinds, one_of
from tests.verification.making import certificate


def archived(start: Start, edit: Edit | None = None) -> bytes:
    return with_store(start.data, certificate(start.bases.folder / "intermediate.pem"), edit=edit)


def dated(start: Start, edit: Edit | None = None) -> bytes:
    name = f"Arsip{len(start.data)}"
    return with_archive_stamp(start.data, start.bases.time_stamper(start.bases.now), name=name, edit=edit)


def then(*steps: Callable[[Start], bytes | None]) -> Make:
    """One change after the other."""

    def make(start: Start) -> bytes | None:
        data: bytes | None = start.data
        for step in steps:
            if data is None:
                return None
            data = step(Start(data=data, bases=start.bases, profile=start.profile, page=start.page))
        return data

    return make


def by_the_product(start: Start) -> bytes:
    """Archive data as the product's own worker adds them."""
    request = ExtendRequest(
        data=start.data,
        certificates=[certificate(start.bases.folder / "intermediate.pem").dump()],
        crls=[],
        ocsp_responses=[],
        token_bytes=0,
        identity=bytes(16),
    )
    return extend(request).data


def by_a_stranger(start: Start) -> bytes:
    return harmless.archive_stamped_by_a_stranger(start.bases, start.data)


def beside(edit: Edit) -> dict[str, Make]:
    return {
        "archive data": lambda start: archived(start, edit),
        "a time stamp": lambda start: dated(start, edit),
    }


def _entry(holder: Callable[[object], generic.DictionaryObject], key: str) -> Edit:
    def edit(writer: object) -> None:
        found = holder(writer)
        found[pdf_name(key)] = pdf_string("Rp99.000.000")
        writer.update_container(found)  # type: ignore[attr-defined]

    return edit


EDITS: dict[str, Edit] = {
    "other content": archive.new_content,
    "the page turned": archive.turned,
    "a note": archive.note,
    "a script": archive.script,
    "a text field": archive.text_field,
    "an entry in the catalog": _entry(lambda w: w.root, "/Lain"),  # type: ignore[attr-defined]
    "an entry on the page": _entry(lambda w: w.root["/Pages"]["/Kids"][0], "/Lain"),  # type: ignore
}
HONEST: dict[str, Make] = {
    "archive data": archived,
    "archive data by the product": by_the_product,
    "archive data by hand": lambda s: archived_by_hand(s.data),
    "a time stamp": dated,
    "a time stamp of another authority": by_a_stranger,
    "archive data, then a time stamp": then(archived, dated),
    "a time stamp, then archive data": then(dated, archived),
    "archive data and time stamp, twice": then(archived, dated, archived, dated),
    "three time stamps": then(dated, dated, dated),
    "archive data three times": then(archived, archived, archived),
    "by the product, then a time stamp": then(by_the_product, dated),
    "a revision without a change": lambda s: append(s.data, entries={0: 0}),
}
KINDS: list[Kind] = [
    *kinds("archive", HONEST, right=GENUINE),
    *kinds(
        "archive",
        {"in an object stream": lambda s: packed_archive(s.data)},
        right=one_of(Verdict.GENUINE, Verdict.CANNOT_CHECK),
    ),
    *kinds(
        "archive",
        {f"{name} beside {way}": make for name, edit in EDITS.items() for way, make in beside(edit).items()}
        | {
            "an entry that nobody knows in the store": lambda s: archived(s, archive.foreign_key_in_store),
            "a time stamp with a face": lambda s: with_archive_stamp(
                s.data, s.bases.time_stamper(s.bases.now), box=at(60, 230, 160, 60)(s)
            ),
            "a time stamp under our names": lambda s: with_archive_stamp(
                s.data, s.bases.other_stamper.time_stamper(s.bases.now)
            ),
        },
        right=REFUSED,
    ),
]
