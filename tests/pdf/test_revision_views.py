"""pyHanko gets the same answers about earlier revisions, in an acceptable time."""

from __future__ import annotations

import io
from collections.abc import Callable

import pikepdf
import pytest
from pyhanko.pdf_utils.reader import HistoricalResolver

from meterai.pdf.signed.existing_signatures import examine_signatures
from meterai.pdf.signed.revision_views import RevisionReader
from tests.pdf import samples, signed_files


def _usages(view: HistoricalResolver) -> dict[tuple[int, int], set[str]]:
    """Usages of the objects that later revisions name, without pages."""
    view._load_reverse_xref_cache()
    xrefs = view.reader.xrefs
    later = range(view.revision + 1, xrefs.total_revisions)
    named = set().union(*(xrefs.explicit_refs_in_revision(revision) for revision in later))
    pages = {kid.idnum for kid in list.__iter__(view.root["/Pages"]["/Kids"])}
    return {
        (item.idnum, item.generation): {str(path) for path in view._get_usages_of_ref(item)}
        for item in named
        if item.idnum in xrefs.get_xref_data(0).standard_xrefs and item.idnum not in pages
    }


@pytest.mark.parametrize(
    "make",
    [
        signed_files.by_budi_and_siti,
        signed_files.with_annotations_apart,
        lambda: signed_files.signed_in(signed_files.waiting(), "Kedua"),
    ],
)
def test_the_paths_to_what_is_changed_are_those_that_pyhanko_finds(make: Callable[[], bytes]) -> None:
    reader = RevisionReader(io.BytesIO(make()), strict=True)
    for revision in range(reader.xrefs.total_revisions - 1):
        found = _usages(reader.get_historical_resolver(revision))
        assert found == _usages(HistoricalResolver(reader, revision))
        assert any(found.values())


def test_objects_that_refer_to_each_other_densely_are_not_walked_in_every_order() -> None:
    with pikepdf.open(io.BytesIO(samples.letter())) as pdf:
        items = [pdf.make_indirect(pikepdf.Dictionary(Page=pdf.pages[0].obj)) for _ in range(30)]
        for item in items:
            item["/All"] = pikepdf.Array(items)
        pdf.Root["/PieceInfo"] = items[0]
        pdf.pages[0].obj["/PieceInfo"] = items[1]
        pdf.save(out := io.BytesIO())
    both = signed_files.signed(signed_files.signed(out.getvalue()), "Siti Rahma", field="Kedua")
    assert examine_signatures(both).changed is False
