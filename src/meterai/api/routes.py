"""All routes of the API."""

from __future__ import annotations

from typing import Any

from meterai.api.access.token_endpoint import give_token, read_metadata
from meterai.api.conventions.router import api_router
from meterai.api.gateway_notices import (
    answer_gateway_call,
    receive_gateway_notice,
    receive_midtrans_notice,
)
from meterai.api.metrics import read_metrics
from meterai.api.openapi.document import read_openapi
from meterai.api.resources import (
    agreements,
    announcements,
    bundle_files,
    bundle_results,
    bundles,
    deliveries,
    documents,
    events,
    organisation_serials,
    organisations,
    quota,
    reports,
    sandbox,
    service_status,
    stamps,
    usage,
    webhooks,
)
from meterai.api.verification import read_digest, read_serial, verify_document
from meterai.api.wire.handling import wire_route
from meterai.api.wire.routes import ENDPOINTS

HANDLERS: list[Any] = [
    give_token,
    read_metadata,
    read_openapi,
    receive_gateway_notice,
    receive_midtrans_notice,
    answer_gateway_call,
    read_digest,
    read_serial,
    verify_document,
    read_metrics,
    *organisations.ROUTES,
    *agreements.ROUTES,
    *organisation_serials.ROUTES,
    *quota.ROUTES,
    *documents.ROUTES,
    *stamps.ROUTES,
    *bundles.ROUTES,
    *bundle_files.ROUTES,
    *bundle_results.ROUTES,
    *reports.ROUTES,
    *sandbox.ROUTES,
    *events.ROUTES,
    *webhooks.ROUTES,
    *deliveries.ROUTES,
    *usage.ROUTES,
    *service_status.ROUTES,
    *announcements.ROUTES,
]
ROUTES = [api_router(HANDLERS), wire_route(ENDPOINTS)]
"""The API (docs/partners.md#conventions), and the wire (docs/wire.md)."""
