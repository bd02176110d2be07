"""Answers refusals of use cases as an operation declares them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from meterai.api.conventions.ids import unknown_id
from meterai.kernel.refusals import Kind, Refusal

_OF_OTHERS = frozenset({"partner.unknown", "partner.block_unknown"})


@contextmanager
def declared(refuses: Mapping[str, Kind] | None = None) -> Iterator[None]:
    """Gives refusals the kind that `refuses` declares for their code.

    What the caller may not see is answered like what does not exist (I16).
    """
    try:
        yield
    except Refusal as refusal:
        if refusal.code in _OF_OTHERS:
            raise unknown_id() from refusal
        kind = (refuses or {}).get(refusal.code, refusal.kind)
        if kind is refusal.kind:
            raise
        raise Refusal(kind, refusal.code, **refusal.facts) from refusal
