"""The pictures of a document's stamps, as the result of a check shows them."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass

import structlog

from meterai.jail.pool import JailPool
from meterai.kernel.refusals import Refusal
from meterai.verification.model import Judgement, StampReport
from meterai.verification.use_cases.picture_of_stamp import picture_of_stamp

log = structlog.get_logger(__name__)
PICTURES_MAX = 4


@dataclass(frozen=True, slots=True)
class ShownStamp:
    """A stamp with the picture of its place (a data: address), empty when there is none to show."""

    report: StampReport
    picture: str


def without_pictures(judgement: Judgement) -> list[ShownStamp]:
    """The stamps of a file that is not at hand."""
    return [ShownStamp(report, "") for report in judgement.stamps]


async def with_pictures(jail: JailPool, data: bytes, judgement: Judgement) -> list[ShownStamp]:
    """The stamps of `data`; the first four with their pictures."""
    shown, owner = [], secrets.token_hex(8)
    for number, report in enumerate(judgement.stamps):
        picture = await _picture(jail, data, report, owner) if number < PICTURES_MAX else ""
        shown.append(ShownStamp(report, picture))
    return shown


async def _picture(jail: JailPool, data: bytes, report: StampReport, owner: str) -> str:
    """The picture of a stamp's place. A picture that can't be made is no reason to withhold a verdict."""
    if report.page is None or report.box is None:
        return ""
    try:
        picture = await picture_of_stamp(jail, data, page=report.page, box=report.box, owner=owner)
    except Refusal as refusal:
        log.info("stamp_picture_missing", code=refusal.code)
        return ""
    return "data:image/jpeg;base64," + base64.b64encode(picture.jpeg).decode()
