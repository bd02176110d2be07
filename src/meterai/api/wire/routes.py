"""All endpoints of the wire. A module of `resources` lists its own as `ENDPOINTS`."""

from __future__ import annotations

from typing import Final

from meterai.api.wire.endpoints import Endpoint
from meterai.api.wire.resources import (
    balance,
    batches,
    cloud_signing,
    document_types,
    hash_signing,
    login,
    serials,
    states,
    time_stamps,
    uploads,
)

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *login.ENDPOINTS,
    *document_types.ENDPOINTS,
    *balance.ENDPOINTS,
    *batches.ENDPOINTS,
    *serials.ENDPOINTS,
    *states.ENDPOINTS,
    *uploads.ENDPOINTS,
    *cloud_signing.ENDPOINTS,
    *hash_signing.ENDPOINTS,
    *time_stamps.ENDPOINTS,
)
