"""What a refusal must look like."""

from __future__ import annotations

from meterai.kernel.refusals import Refusal


def assert_named(refusal: Refusal, prefix: str) -> None:
    assert refusal.code.startswith(prefix), refusal.code
