"""pyHanko's rules for what may change beside fields; and metadata that nobody touched break no signature.

Runs in the jail. pyHanko asks of such metadata, too, that they are well formed and begin with `x:xmpmeta`.
That element may be left out (ISO 16684-1), older programs call it `x:xapmeta`, and some write what is no XML.
"""

# mypy: disallow-untyped-calls=False
# pyHanko types only part of its own functions.

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pyhanko.pdf_utils.misc import IndirectObjectExpected
from pyhanko.pdf_utils.reader import HistoricalResolver
from pyhanko.sign.diff_analysis import (
    CatalogModificationRule,
    DocInfoRule,
    DSSCompareRule,
    MetadataUpdateRule,
    ModificationLevel,
    ObjectStreamRule,
    ReferenceUpdate,
    XrefStreamRule,
)


class MetadataRule(MetadataUpdateRule):
    """pyHanko's rule for metadata that were replaced; others need none."""

    def apply(self, old: HistoricalResolver, new: HistoricalResolver) -> Iterable[ReferenceUpdate]:
        return () if metadata_untouched(old, new) else super().apply(old, new)


def metadata_untouched(old: HistoricalResolver, new: HistoricalResolver) -> bool:
    """Whether two revisions of a file name the same metadata, which no revision between wrote anew."""
    reference = _reference(old.root)
    if reference is None or reference != _reference(new.root):
        return False
    xrefs = old.reader.xrefs
    return bool(
        xrefs.get_historical_ref(reference, old.revision) == xrefs.get_historical_ref(reference, new.revision)
    )


def _reference(root: Any) -> Any:
    try:
        return root.get_value_as_reference("/Metadata")
    except (KeyError, IndirectObjectExpected):
        return None


_LTA = ModificationLevel.LTA_UPDATES
GLOBAL_RULES = [
    CatalogModificationRule(),
    DocInfoRule().as_qualified(_LTA),
    XrefStreamRule().as_qualified(_LTA),
    ObjectStreamRule().as_qualified(_LTA),
    DSSCompareRule().as_qualified(_LTA),
    MetadataRule().as_qualified(_LTA),
]
"""Those of pyHanko's own policy, in its order, with our rule for metadata."""
