"""How large signatures may be that follow a stamp, as the operator set it."""

from __future__ import annotations

from meterai.kit.settings import Settings
from meterai.verification.model import FaceLimits


def face_limits(settings: Settings) -> FaceLimits:
    return FaceLimits(width_mm=settings.addition_width_mm, height_mm=settings.addition_height_mm)
