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
    shown = []
    for number, report in enumerate(judgement.stamps):
        picture = await _picture(drawer, report) if number < PICTURES_MAX else ""
        shown.append(ShownStamp(report, picture))
    return shown


async def _picture(drawer: Drawer, report: StampReport) -> str:
    """The picture of a stamp's place. A picture that can't be made is no reason to withhold a verdict."""
    if report.page is None or report.box is None:
        return ""
    work = partial(picture_of_stamp, drawer.jail, drawer.data)
    picture = await drawer.draw(partial(work, page=report.page, box=report.box, owner=drawer.owner))
    return data_address(picture.jpeg) if picture else ""
