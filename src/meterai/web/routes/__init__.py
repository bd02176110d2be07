"""One file per flow; each exports its route handlers."""

from __future__ import annotations

from typing import Any

from meterai.web.routes import (
    bundle,
    buy,
    certificate,
    checkout,
    claim,
    contacts,
    health,
    mine,
    money,
    order,
    place,
    quota,
    reminder,
    verify,
)

ROUTES: list[Any] = [
    *buy.ROUTES,
    *place.ROUTES,
    *checkout.ROUTES,
    *order.ROUTES,
    *quota.ROUTES,
    *mine.ROUTES,
    *contacts.ROUTES,
    *bundle.ROUTES,
    *money.ROUTES,
    *claim.ROUTES,
    *certificate.ROUTES,
    *reminder.ROUTES,
    *verify.ROUTES,
    *health.ROUTES,
]
