"""The three ways to stamp a document.

They depend on its signatures, and on whether others will sign later.
"""

from __future__ import annotations

from enum import StrEnum


class Profile(StrEnum):
    """What the stamp's seal allows afterwards (ISO 32000-2 clauses 12.8.2.2 and 12.8.2.4)."""

    FINAL = "final"
    """No signatures before, none afterwards: rewritten, flattened, certified with DocMDP P=1."""
    SIGN_LATER = "sign_later"
    """No signatures before, others may sign afterwards: rewritten, flattened, an approval signature."""
    SIGNED = "signed"
    """Carries signatures: left as it is, byte for byte, with an appended approval that locks all fields."""


CHOICES = (Profile.FINAL, Profile.SIGN_LATER)
"""Profiles that a person may choose. `SIGNED` follows from the file."""
