"""The buyer on a receipt: what people type, and how an NPWP is written."""

from __future__ import annotations

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.formats.pasted_text import digits_of, seen

NAME_LENGTH_MAX = 120
_NPWP_LENGTHS = (15, 16, 22)
"""An NPWP of the older form, of today's form, and today's with the place of business (NITKU)."""


class Buyer(msgspec.Struct, frozen=True, kw_only=True):
    """The buyer of an order. `npwp`: digits only, or None."""

    name: str
    npwp: str | None

    def __repr__(self) -> str:
        return "Buyer()"  # personal data stay out of logs

    @property
    def npwp_text(self) -> str:
        """The NPWP as it is written; empty without one."""
        return "" if self.npwp is None else _written(self.npwp)


def read_buyer(name: str, npwp: str) -> Buyer | None:
    """The buyer that a person typed; None when both are empty.

    Raises: Refusal INVALID `buyer.name_missing`, `buyer.name_long`, `buyer.npwp_unreadable`.
    """
    name, digits = " ".join(seen(name).replace("\0", "").split()), digits_of(npwp.replace("/", ""))
    if not name and not digits:
        return None
    if len(name) > NAME_LENGTH_MAX:
        raise Refusal(Kind.INVALID, "buyer.name_long", maximum=NAME_LENGTH_MAX)
    if digits and not _is_npwp(digits):
        raise Refusal(Kind.INVALID, "buyer.npwp_unreadable")
    if not name:
        raise Refusal(Kind.INVALID, "buyer.name_missing")
    return Buyer(name=name, npwp=digits or None)


def _is_npwp(digits: str) -> bool:
    """Checks the form only. One digit repeated stands for "I have none" in many offices."""
    return (
        len(digits) in _NPWP_LENGTHS and digits.isascii() and digits.isdecimal() and len(set(digits[:15])) > 1
    )


def _written(npwp: str) -> str:
    if len(npwp) == 15:
        return f"{npwp[:2]}.{npwp[2:5]}.{npwp[5:8]}.{npwp[8]}-{npwp[9:12]}.{npwp[12:]}"
    groups = " ".join(npwp[start : start + 4] for start in range(0, 16, 4))
    return f"{groups} / {npwp[16:]}" if len(npwp) == 22 else groups
