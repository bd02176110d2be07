"""Meterai: electronic revenue stamps. See docs/architecture.md for the map."""

import sys

if "rich" not in sys.modules and "meterai.jail" not in sys.orig_argv:  # a jail keeps no log
    # structlog loads it for coloured traces, which no process of the service prints: a sixth of a start.
    sys.modules["rich"] = None  # type: ignore[assignment]
    import structlog  # noqa: F401

    del sys.modules["rich"]
