"""Marks that put sentences into the catalogues. `script/texts` collects what they mark.

A mark returns what `translation.translate` takes.
"""

from __future__ import annotations

from typing import Final

CONTEXT_END: Final = "\x04"
"""Between context and sentence, as in compiled catalogues (GNU gettext manual, "MO Files")."""


def N_(sentence: str) -> str:
    """Marks an Indonesian sentence."""
    return sentence


def P_(context: str, sentence: str) -> str:
    """Marks a sentence that needs another translation in this context than elsewhere."""
    return f"{context}{CONTEXT_END}{sentence}"


def N_count(sentence: str) -> str:
    """Marks a sentence about `{count}` things, for `translate_count`. Other languages may have more forms."""
    return sentence
