"""A request to stamp a file of the shared folder, read from what the client sent."""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

from meterai.api.wire.bodies import Said
from meterai.api.wire.resources.signing_fields import check_fields, profile_of, read_box, read_serial
from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.serial_number import SerialNumber
from meterai.pdf.profiles import Profile
from meterai.stamping.signing_box import SigningBox

_MANDATORY: Final = (
    "profileName",
    "src",
    "dest",
    "reason",
    "location",
    "spesimenPath",
    "certificatelevel",
)
_WORDS_MAX: Final = 200
"""Of reason and location, in characters."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be stamped, how and where."""

    serial: SerialNumber
    token: str
    """The client's own, for the service."""
    src: str
    dest: str
    password: str
    profile: Profile
    profile_name: str
    reason: str
    location: str
    box: SigningBox
    retry_flag: str

    @property
    def asked_sha256(self) -> str:
        """Digest of what is said of the stamp itself."""
        said = (self.profile, self.reason, self.location, self.box)
        return hashlib.sha256(msgspec.json.encode(said)).hexdigest()


def read_order(said: Said) -> Order:
    """Reads a request.

    Raises: Refusal INVALID `wire.field_missing`, `wire.field_wrong`, `wire.profile_unknown`; NOT_FOUND
    `serial.unknown`.
    """
    check_fields(said, _MANDATORY)
    box = read_box(said)
    if box is None:
        raise Refusal(Kind.INVALID, "wire.field_missing", field="visLLX")
    return Order(
        serial=read_serial(said),
        token=said.text("jwToken"),
        src=said.text("src"),
        dest=said.text("dest"),
        password=said.text("docpass"),
        profile=profile_of(said),
        profile_name=said.text("profileName"),
        reason=_words(said.text("reason")),
        location=_words(said.text("location")),
        box=box,
        retry_flag=said.text("retryFlag"),
    )


def _words(text: str) -> str:
    """One line of printable characters."""
    return "".join(sign if sign.isprintable() else " " for sign in text)[:_WORDS_MAX].strip()
