"""The menu of the console: each page with the roles that may open it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from meterai.console.session import SignedIn
from meterai.operations.officers.officers_file import ROLES
from meterai.texts.mechanism.marks import N_
from meterai.texts.mechanism.translation import translate


@dataclass(frozen=True, slots=True)
class Entry:
    """A page of the menu. `title` is a marked sentence."""

    path: str
    title: str
    roles: frozenset[str] = ROLES


ENTRIES: Final[tuple[Entry, ...]] = (
    Entry("/", N_("Sekarang")),
    Entry("/kabar", N_("Kabar")),
    Entry("/tindakan", N_("Tindakan")),
    Entry("/permintaan", N_("Permintaan")),
    Entry("/sesi", N_("Sesi")),
    Entry("/cara-masuk", N_("Cara masuk")),
)


def menu_for(officer: SignedIn, language: str) -> Sequence[tuple[str, str]]:
    """Address and title of each page that the officer may open."""
    return [(entry.path, translate(entry.title, language)) for entry in ENTRIES if officer.has(*entry.roles)]
