"""Predicts, before anybody pays, whether the stamped file is what the event's agency accepts."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from meterai.jail.pool import JailPool
from meterai.stamping.model import SEAL_BYTES, OutputVerdict
from meterai.stamping.placement import Placement
from meterai.stamping.requests import MeasureRequest, OutputLimits, OutputMeasure

STAMP_BYTES_MAX = 2 * SEAL_BYTES + 20_000
"""The most that one more stamp adds to a file: signature, code, field and tables."""
FIELD_BYTES_MAX = 1_500
"""What one more stamp's field adds to the first stamp, which brings the fields of all."""

_MEASURE = "meterai.stamping.in_jail.preparation:measure_output"


async def measure(
    jail: JailPool,
    data: bytes,
    placements: Sequence[Placement],
    limits: OutputLimits | None,
    *,
    owner: str,
) -> OutputVerdict:
    """Measures the result of stamping a rewritten document. Raises: Refusal INVALID `pdf.*`."""
    request = MeasureRequest(
        data=data, normalised=True, placements=list(placements), limits=limits or OutputLimits()
    )
    return verdict_of(await jail.run(_MEASURE, request, OutputMeasure, owner=owner), limits)


def verdict_of(
    found: OutputMeasure, limits: OutputLimits | None, *, rewritable: bool = True
) -> OutputVerdict:
    """Compares a measured output with the agency's limits."""
    verdict = OutputVerdict(
        version_low=found.version_low,
        output_bytes=found.output_bytes,
        pdf_version=found.pdf_version,
        base_bytes=found.base_bytes,
        stamp_bytes=found.stamp_bytes,
        rewritable=rewritable,
    )
    return _compared(verdict, limits)


def with_stamps(output: OutputVerdict, before: int, after: int, limits: OutputLimits | None) -> OutputVerdict:
    """The verdict for `after` stamps instead of `before`. Never estimates too small."""
    if before == after:
        return _compared(output, limits)
    if output.base_bytes:
        each = output.stamp_bytes + (after - 1) * FIELD_BYTES_MAX
        size = output.base_bytes + after * each
    else:
        size = output.output_bytes + max(0, after - before) * STAMP_BYTES_MAX
    return _compared(msgspec.structs.replace(output, output_bytes=size), limits)


def _compared(output: OutputVerdict, limits: OutputLimits | None) -> OutputVerdict:
    """The verdict with the reasons of a refusal, and what can be done about them."""
    too_large = limits is not None and limits.is_too_large(output.output_bytes)
    offers = ("keep", "smaller") if too_large else ("keep",) if output.version_low else ()
    return msgspec.structs.replace(output, too_large=too_large, offers=offers if output.rewritable else ())
