"""The stamps of a document as the result of a check shows them: with the picture of their place."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from meterai.kit.formats.qr import qr_svg
from meterai.verification.model import Judgement, StampReport
from meterai.verification.use_cases.picture_of_stamp import picture_of_stamp
from meterai.web.verify.drawing import Drawer, data_address

PICTURES_MAX = 4


@dataclass(frozen=True, slots=True)
class ShownStamp:
    """A stamp with the picture of its place (a data: address), empty when there is none to show."""

    report: StampReport
    picture: str = ""
    missing: bool = False
    """There should be a picture, and there was no time to draw it, or it failed."""

    @property
    def is_ours(self) -> bool:
        """Whether its serial number can have a page on this site."""
        return not self.report.foreign and bool(self.report.serial)


def code_of(address: str) -> str:
    """A QR code for paper, from which a telephone opens the address."""
    return qr_svg(address, level="M")


def without_pictures(judgement: Judgement) -> list[ShownStamp]:
    """The stamps of a file that is not at hand, or whose pictures would say more than we know."""
    return [ShownStamp(report) for report in judgement.stamps]


async def with_pictures(drawer: Drawer, judgement: Judgement) -> list[ShownStamp]:
    """The stamps of the drawer's file; the first four with their pictures."""
    first, rest = judgement.stamps[:PICTURES_MAX], judgement.stamps[PICTURES_MAX:]
    return [*[await _with_picture(drawer, report) for report in first], *map(ShownStamp, rest)]


async def _with_picture(drawer: Drawer, report: StampReport) -> ShownStamp:
    """A picture that can't be made is no reason to withhold a verdict."""
    if report.page is None or report.box is None:
        return ShownStamp(report)
    work = partial(picture_of_stamp, drawer.jail, drawer.data)
    picture = await drawer.draw(partial(work, page=report.page, box=report.box, owner=drawer.owner))
    if picture is None:
        return ShownStamp(report, missing=True)
    return ShownStamp(report, data_address(picture.jpeg))
