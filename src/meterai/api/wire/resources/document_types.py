"""The types of documents that the wire names, and what the law calls them here."""

from __future__ import annotations

from typing import Any, Final

from meterai.api.wire.answers import done
from meterai.api.wire.endpoints import WireRequest, endpoint
from meterai.kernel.ids import derived_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.partners.stamps.facts import DocumentType

TYPES: Final = {
    "3": DocumentType.STATEMENT,
    "4a": DocumentType.SUM_OF_MONEY,
    "4b": DocumentType.SUM_OF_MONEY,
    "2": DocumentType.OTHER,
}
"""What reports say of the field `namadoc`."""
_NAMES: Final = {
    "3": ("Surat Keterangan", "Surat Lainnya", "Surat Pernyataan", "Surat Perjanjian"),
    "4a": ("Dokumen penerimaan uang (> 5 juta)", "Dokumen pernyataan jumlah uang > 5 jt"),
    "4b": ("Dokumen pelunasan utang (> 5 juta)",),
    "2": (
        "Dokumen Transaksi",
        "Surat Berharga",
        "Akta Pejabat",
        "Dokumen lain-lain",
        "Akta Notaris",
        "Dokumen Lelang",
    ),
}


def type_of(namadoc: str) -> DocumentType | None:
    """What reports call a type that a client names by its code or its name. None: it names none.

    Raises: Refusal INVALID `wire.field_wrong`.
    """
    code = type_code(namadoc)
    if code and code not in TYPES:
        raise Refusal(Kind.INVALID, "wire.field_wrong", field="namadoc")
    return TYPES.get(code)


def type_code(namadoc: str) -> str:
    """The code of a type that a client names by its code or its name."""
    said = namadoc.strip().lower()
    return next((code for code, names in _NAMES.items() if said in {name.lower() for name in names}), said)


@endpoint("stampv2", "GET POST", "/jenisdoc", scope=None)
async def list_types(asked: WireRequest) -> dict[str, Any]:
    """Lists the types. Their ids never change."""
    return done(
        [
            {"id": str(derived_id("jenisdoc", code, name)), "kode": code, "nama": name}
            for code, names in _NAMES.items()
            for name in names
        ]
    )


ENDPOINTS = (list_types,)
