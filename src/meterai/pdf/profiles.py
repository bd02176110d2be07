"""The three ways to stamp a document, by what it is and by what is still to happen to it."""

from __future__ import annotations

from enum import StrEnum


class Profile(StrEnum):
    """What the stamp's seal allows afterwards (ISO 32000-2 clauses 12.8.2.2 and 12.8.2.4)."""

    FINAL = "final"
    """No signatures before, none after: rewritten, flattened, certified with DocMDP P=1."""
    SIGN_LATER = "sign_later"
    """No signatures before, others may sign afterwards: rewritten, flattened, an approval signature."""
    SIGNED = "signed"
    """Carries signatures: not a byte of it is touched, an approval that locks all fields is appended."""


CHOICES = (Profile.FINAL, Profile.SIGN_LATER)
"""What a person may choose; `SIGNED` follows from the file."""
