"""Prepares a document for one stamp in the box of a signature, in one visit to the jail (`meterai adapter`).

The upload path of the site has the same steps: reception, then preparation. Nobody is there to compare pages,
so a file that would look different is refused.
"""

from __future__ import annotations

from meterai.pdf.inspection import inspect
from meterai.pdf.opening.structure import refuse
from meterai.pdf.opening.unlocking import unlock
from meterai.pdf.requests import InspectRequest
from meterai.pdf.signed_refusals import keeping_signatures
from meterai.stamping.in_jail import preparation, reception
from meterai.stamping.in_jail.preparation import prepare_seal
from meterai.stamping.in_jail.reception import receive
from meterai.stamping.placement import Placement
from meterai.stamping.requests import (
    BoxedSeal,
    BoxRequest,
    OutputLimits,
    Reception,
    ReceptionRequest,
    SealRequest,
    Stamp,
)
from meterai.stamping.signing_box import place_in
from meterai.stamping.wanted_places import AtCoordinates


def warm_up() -> None:
    """Receives and prepares a page of our own, so that a jail process need not import what that needs."""
    reception.warm_up()
    preparation.warm_up()


@keeping_signatures
def prepare_in_box(request: BoxRequest) -> BoxedSeal:
    """Receives the file, finds the place and prepares the stamp.

    Raises: Refusal INVALID as `receive` and `prepare_seal`, and `pdf.to_compare` for a file whose fields or
    comments would look different.
    """
    place = place_in(request.box, inspect(InspectRequest(data=_unlocked(request))).pages)
    received = _receive(request, place)
    if received.differences:
        raise refuse("pdf.to_compare", page=received.differences[0].page)
    prepared = prepare_seal(
        SealRequest(
            data=received.instead or request.data,
            normalised=bool(received.instead),
            stamps=[Stamp(serial=request.serial, code=request.code, placement=received.placements[0])],
            profile=received.profile,
            signing_time=request.signing_time,
            reason=request.reason,
            location=request.location,
            specimen=request.specimen,
            contents_bytes=request.contents_bytes,
        )
    )
    return BoxedSeal(prepared=prepared, profile=received.profile)


def _unlocked(request: BoxRequest) -> bytes:
    if not request.password:
        return request.data
    return unlock(request.data, request.password, request.limits) or request.data


def _receive(request: BoxRequest, place: Placement) -> Reception:
    wanted = AtCoordinates(page=place.page, x=place.x, y=place.y, size=place.size, may_cover=place.may_cover)
    return receive(
        ReceptionRequest(
            data=request.data,
            password=request.password,
            stamps=1,
            limits=OutputLimits(),
            profile=request.profile,
            wanted=[wanted],
        )
    )
