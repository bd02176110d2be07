"""How tests look at a refusal."""

from __future__ import annotations

from collections.abc import Awaitable

import pytest

from meterai.kernel.refusals import Refusal


async def refused(work: Awaitable[object]) -> Refusal:
    """The refusal with which `work` ends."""
    with pytest.raises(Refusal) as caught:
        await work
    return caught.value
