"""The forgeries of `tests/attacks`, on each page and profile that they work on."""

from __future__ import annotations

from pypdfium2 import PdfiumError

from meterai.pdf.profiles import Profile
from meterai.verification.model import Verdict
from tests.attacks.suite import PROFILES, Attack
from tests.attacks.table import ATTACKS
from tests.changes.kind import ADDED, GONE, REFUSED, Kind, Make, Right, Start, if_open, kinds


def _added_unless_large(start: Start) -> frozenset[Verdict]:
    """A place of 200 by 60 units is wider than 90 mm where a unit is larger than a point."""
    large = {Verdict.CANNOT_CHECK} if start.page.unit > 1 else set()
    return ADDED(start) | large


_ALLOWED = {("sneaky signature", "on blank paper"): if_open(_added_unless_large)}
"""On a file that is open for signatures this is no forgery."""


def adapted(attack: Attack) -> Make:
    """The attack where its file shows it; where it can't be made it does not apply."""

    def make(start: Start) -> bytes | None:
        try:
            forged = attack.make(start.bases, start.data)
            return forged if attack.shows(start.data, forged) else None
        except (AssertionError, AttributeError, IndexError, KeyError, TypeError, ValueError, PdfiumError):
            return None

    return make


def alone(attack: Attack) -> Make:
    """An attack with a file of its own, which no page of ours can stand for: asked once."""

    def make(start: Start) -> bytes | None:
        if (start.page.name, start.profile) != ("letter", Profile.SIGN_LATER):
            return None
        return attack.make(start.bases, start.bases[attack.base])

    return make


def _right(attack: Attack) -> Right:
    usual = GONE if attack.kind in ("picture", "after the end") else REFUSED
    return _ALLOWED.get((attack.kind, attack.name), usual)


def _kinds() -> list[Kind]:
    found: dict[str, Kind] = {}
    for attack in ATTACKS:
        shared = attack.base in PROFILES
        name = f"{attack.kind}, {attack.name}"
        known = found.get(name)
        if known is not None and (known.subject == "attack" or not shared):
            continue
        subject = "attack" if shared else "attack on its own file"
        make = adapted(attack) if shared else alone(attack)
        found[name] = kinds(subject, {name: make}, right=_right(attack))[0]
    return list(found.values())


KINDS = _kinds()
