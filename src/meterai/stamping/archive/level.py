"""PAdES levels: for how long a released file can be verified (ETSI EN 319 142-1 clause 6)."""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    """PAdES baseline levels. Each one includes the level before it."""

    T = "B-T"  # time stamp in the signature
    LT = "B-LT"  # certificates and revocation data in a document security store
    LTA = "B-LTA"  # a document time stamp over all of it

    @property
    def rank(self) -> int:
        """Order of the levels: a higher one can be verified for longer."""
        return list(Level).index(self)
