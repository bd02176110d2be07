"""What the page of a bundle shows before its start: pictures of all proposals, and what the check found."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from meterai.pdf.profiles import Profile
from meterai.pdf.requests import PageSize
from meterai.stamping.bundles.model import STAMPED_ALREADY
from meterai.stamping.bundles.queries import refused_part
from meterai.stamping.bundles.ready_files import OddFile, ReadyFile, odd_first, ready_files
from meterai.stamping.placement import Placement, Position
from meterai.texts.mechanism.translation import translate
from meterai.texts.oddities import ODDITIES
from meterai.web.bundles.bundle_view import FILES_SHOWN, BundleView
from meterai.web.bundles.bundling import row_of
from meterai.web.requests.request_context import RequestContext

NAMES_SHOWN = 50
"""Names in a list of a page. It says how many there are besides."""


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A file as the page shows it: the page with its stamp, and why people should look at it."""

    file: ReadyFile
    page: PageSize
    spot: Placement
    image: str
    why: list[str]
    may_tick: bool
    """Whether people may agree that the stamp covers something. On a signed file nobody may."""


@dataclass(frozen=True, slots=True)
class Names:
    """How many files there are of a kind, and the names of the first."""

    count: int
    shown: list[str]

    @property
    def more(self) -> int:
        """How many are not named."""
        return self.count - len(self.shown)


async def check_values(
    context: RequestContext, bundle_id: UUID, view: BundleView, *, unfit: int, language: str
) -> dict[str, Any]:
    """The values for bundle_check.html. `unfit`: how many files can't be stamped."""
    files = await ready_files(context.service.db, bundle_id)
    odd = odd_first(files)
    pages = max(1, math.ceil(len(odd) / FILES_SHOWN))
    page = min(view.page, pages)
    skip = (page - 1) * FILES_SHOWN
    refused = await refused_part(context.service.db, bundle_id, limit=NAMES_SHOWN) if unfit else []
    return {
        "ready": sum(not file.stamped_already for file in files),
        "again": names_of(file for file in files if file.stamped_already),
        "notes": notes_of(files),
        "signed": names_of(file for file in files if file.profile is Profile.SIGNED),
        "odd_count": sum(bool(one.oddities) for one in odd),
        "thumbnails": [_thumbnail(one, view, language) for one in odd[skip : skip + FILES_SHOWN]],
        "first": skip + 1,
        "files": len(files),
        "page": page,
        "pages": pages,
        "unfit": [row_of(file, language, started=False) for file in refused],
        "unfit_count": unfit,
        "kept_until": min((file.kept_until for file in files), default=None),
        "view": view,
        "named": view.position.form_value if view.position else "",
        "positions": tuple(Position),
    }


def _thumbnail(one: OddFile, view: BundleView, language: str) -> Thumbnail:
    spot, page = one.file.spot(view.rule)
    return Thumbnail(
        one.file,
        page,
        spot,
        f"/saya/dokumen/{one.file.document_id}/halaman/{spot.page}?ukuran=sedang",
        [translate(ODDITIES[oddity], language) for oddity in one.at(spot)],
        bool(spot.covers) and not spot.may_cover and one.file.profile is not Profile.SIGNED,
    )


def notes_of(files: Sequence[ReadyFile]) -> Mapping[str, Names]:
    """The notices about these files. Leaves out the notice by which files are set apart."""
    codes = sorted({code for file in files for code in file.notices} - {STAMPED_ALREADY})
    return {code: names_of(file for file in files if code in file.notices) for code in codes}


def names_of(files: Iterable[ReadyFile]) -> Names:
    """Counts files, and names the first."""
    paths = [file.path for file in files]
    return Names(len(paths), paths[:NAMES_SHOWN])
