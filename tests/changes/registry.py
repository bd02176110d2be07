"""Every kind of change, by name."""

from __future__ import annotations

from tests.changes.kind import Kind, by_name
from tests.changes.kinds import (
    annotations,
    archives,
    contents,
    forms,
    honest,
    known,
    metadata,
    our_key,
    own_stamps,
    resources,
    stored,
    strangers,
    structure,
    tools,
)

MODULES = (
    contents,
    resources,
    annotations,
    forms,
    structure,
    metadata,
    stored,
    strangers,
    own_stamps,
    our_key,
    archives,
    honest,
    tools,
    known,
)
KINDS: dict[str, Kind] = by_name(kind for module in MODULES for kind in module.KINDS)
