"""How long a released file proves itself (ETSI EN 319 142-1 clause 6)."""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    """PAdES baseline levels, each with what the one before has."""

    T = "B-T"  # time stamp in the signature
    LT = "B-LT"  # certificates and revocation data in a document security store
    LTA = "B-LTA"  # a document time stamp over all of it

    @property
    def rank(self) -> int:
        """Higher proves longer."""
        return list(Level).index(self)
