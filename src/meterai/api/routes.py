"""All routes of the API."""

from __future__ import annotations

from meterai.api.gateway_notices import receive_gateway_notice, receive_midtrans_notice
from meterai.api.metrics import read_metrics
from meterai.api.openapi import read_openapi
from meterai.api.verification import read_digest, read_serial, verify_document

ROUTES = [
    read_openapi,
    receive_gateway_notice,
    receive_midtrans_notice,
    read_digest,
    read_serial,
    verify_document,
    read_metrics,
]
