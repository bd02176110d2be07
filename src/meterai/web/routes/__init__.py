"""One file per flow; each exports its route handlers."""

from __future__ import annotations

from typing import Any

from meterai.web.routes import verify

ROUTES: list[Any] = [*verify.ROUTES]
