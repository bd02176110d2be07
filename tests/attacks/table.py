"""Every attack of the suite, and the genuine files that they start from."""

from __future__ import annotations

from tests.attacks import (
    archive,
    cms_by_our_key,
    cms_tricks,
    dressed,
    edges,
    forgery,
    hidden_section,
    issuers,
    saved,
    shadow,
    tables,
    transplanted,
)
from tests.attacks.bases import GENUINE
from tests.attacks.suite import Attack

for module in (shadow, tables, hidden_section, dressed):
    GENUINE.update(module.PREPARED)
ATTACKS: list[Attack] = [
    *forgery.ATTACKS,
    *saved.ATTACKS,
    *transplanted.ATTACKS,
    *shadow.ATTACKS,
    *tables.ATTACKS,
    *hidden_section.ATTACKS,
    *archive.ATTACKS,
    *dressed.ATTACKS,
    *issuers.ATTACKS,
    *edges.ATTACKS,
    *cms_tricks.ATTACKS,
    *cms_by_our_key.ATTACKS,
]
