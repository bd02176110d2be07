"""The fields of a request to sign: profile, box, page, level, serial number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from meterai.api.wire.bodies import Said
from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.serial_number import SerialNumber, parse_serial
from meterai.pdf.profiles import Profile
from meterai.stamping.signing_box import SigningBox

PROFILES: Final = ("emeteraicertificatesigner", "default")
_LEVELS: Final = {"NOT_CERTIFIED": Profile.SIGN_LATER, "NO_CHANGES_ALLOWED": Profile.FINAL}
_CORNERS: Final = ("visLLX", "visLLY", "visURX", "visURY")
_PAGE_MAX: Final = 10**6


def check_fields(said: Said, mandatory: Sequence[str]) -> None:
    """Checks what has to be said, and the profile.

    Raises: Refusal INVALID `wire.field_missing`, `wire.profile_unknown`.
    """
    said.needed(*mandatory)
    check_profile(said.text("profileName"))


def check_profile(name: str) -> None:
    """Raises: Refusal INVALID `wire.profile_unknown`."""
    if name.lower() not in PROFILES:
        raise Refusal(Kind.INVALID, "wire.profile_unknown")


def read_serial(said: Said) -> SerialNumber:
    """The serial number of `refToken`. Raises: Refusal INVALID `wire.field_missing`; NOT_FOUND
    `serial.unknown`.
    """
    said.needed("refToken")
    serial = parse_serial(said.text("refToken"))
    if serial is None:
        raise Refusal(Kind.NOT_FOUND, "serial.unknown")
    return serial


def profile_of(said: Said) -> Profile:
    """What may follow the stamp. Raises: Refusal INVALID `wire.field_wrong`."""
    level = _LEVELS.get(said.text("certificatelevel").upper())
    if level is None:
        raise Refusal(Kind.INVALID, "wire.field_wrong", field="certificatelevel")
    return level


def read_box(said: Said) -> SigningBox | None:
    """The box for the stamp, and the page: the first where none is named. None: all corners are empty.

    Raises: Refusal INVALID `wire.field_wrong`.
    """
    if not any(said.text(name) for name in _CORNERS):
        return None
    left, bottom, right, top = (_number(said, name) for name in _CORNERS)
    page = _number(said, "visSignaturePage") if said.text("visSignaturePage") else 1.0
    return SigningBox(corners=(left, bottom, right, top), page=int(max(-_PAGE_MAX, min(_PAGE_MAX, page))))


def _number(said: Said, name: str) -> float:
    try:
        number = float(said.text(name).replace(",", "."))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Refusal(Kind.INVALID, "wire.field_wrong", field=name)
    return number
