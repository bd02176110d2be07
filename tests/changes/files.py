"""The sealed files to change: each page in each profile, made by the product's own reception and engine."""

from __future__ import annotations

from functools import cache

from meterai.pdf.profiles import Profile
from meterai.stamping.in_jail.reception import receive
from meterai.stamping.requests import OutputLimits, ReceptionRequest
from tests.attacks.bases import Bases
from tests.attacks.signing import signed_by_somebody
from tests.changes.kind import Start
from tests.changes.pages import PAGES


class Files:
    """Makes each file once."""

    def __init__(self, bases: Bases) -> None:
        self.bases = bases
        self.start = cache(self._start)

    def _start(self, page: str, profile: Profile) -> Start:
        kind = PAGES[page]
        upload = kind.document()
        if profile is Profile.SIGNED:
            upload = signed_by_somebody(upload, name="Ani")
        received = receive(ReceptionRequest(data=upload, stamps=1, limits=OutputLimits(), profile=profile))
        assert received.profile is profile, (page, received.profile)
        stored = received.instead or upload
        sealed = self.bases.sealed(stored, profile=profile, normalised=bool(received.instead))[0]
        return Start(data=sealed, bases=self.bases, profile=profile, page=kind)
