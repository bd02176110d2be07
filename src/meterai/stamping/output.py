"""Whether the stamped file will be what the event's agency accepts, asked before anybody pays."""

from __future__ import annotations

from collections.abc import Sequence

from meterai.kit.pdf.jail import JailPool
from meterai.stamping.model import OutputVerdict
from meterai.stamping.placement import Placement
from meterai.stamping.preparation import CONTENTS_BYTES, MeasureRequest, OutputLimits, OutputMeasure

STAMP_BYTES_MAX = 2 * CONTENTS_BYTES + 20_000
"""What one more stamp adds to a file at most: its signature, code, field and tables."""

_MEASURE = "meterai.stamping.preparation:measure_output"


async def measure(
    jail: JailPool, data: bytes, placements: Sequence[Placement], limits: OutputLimits | None
) -> OutputVerdict:
    """Prepares the document in the jail and looks how large it gets. Raises: Refusal INVALID `pdf.*`."""
    request = MeasureRequest(data=data, placements=list(placements), limits=limits or OutputLimits())
    found = await jail.run(_MEASURE, request, OutputMeasure)
    return verdict_of(found, limits)


def verdict_of(found: OutputMeasure, limits: OutputLimits | None) -> OutputVerdict:
    """What a measured output means under the agency's limits."""
    return _verdict(found.output_bytes, found.pdf_version, version_low=found.version_low, limits=limits)


def with_stamps(output: OutputVerdict, before: int, after: int, limits: OutputLimits | None) -> OutputVerdict:
    """The verdict when the document gets `after` stamps instead of `before`: never too small."""
    size = output.output_bytes + (after - before) * STAMP_BYTES_MAX if after > before else output.output_bytes
    return _verdict(size, output.pdf_version, version_low=output.version_low, limits=limits)


def _verdict(size: int, version: str, *, version_low: bool, limits: OutputLimits | None) -> OutputVerdict:
    too_large = limits is not None and limits.bytes_max is not None and size > limits.bytes_max
    return OutputVerdict(
        too_large=too_large,
        version_low=version_low,
        output_bytes=size,
        pdf_version=version,
        offers=("keep", "smaller") if too_large else ("keep",) if version_low else (),
    )
