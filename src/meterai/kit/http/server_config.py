"""How our processes run uvicorn: with the guarded protocol, without its log, with bounded connections."""

from __future__ import annotations

from typing import Any

import uvicorn

from meterai.kit.http.guarded_protocol import GuardedProtocol
from meterai.kit.http.listening import CONNECTIONS_MAX, connections_within_limits


def guarded_config(
    application: Any, *, connections_max: int = CONNECTIONS_MAX, graceful_s: int = 5, **more: Any
) -> uvicorn.Config:
    """Configures uvicorn for an ASGI application. `more`: other fields of `uvicorn.Config`.

    `graceful_s`: how long requests that have begun may take after SIGTERM.

    Raises: OSError when too few files may be open.
    """
    return uvicorn.Config(
        application,
        loop="none",
        http=GuardedProtocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=graceful_s,
        limit_concurrency=connections_within_limits(connections_max) + 1,
        **more,
    )
