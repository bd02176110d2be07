"""Personal data on the pages of what was found: masked, until an officer of support gives a reason."""

from __future__ import annotations

from typing import Final

from meterai.bootstrap import ConsoleApp
from meterai.console.pages import Asked
from meterai.console.session import SignedIn
from meterai.kernel.refusals import Kind, Refusal
from meterai.operations.finding.use_cases import show_person

LOOKERS: Final = ("support",)
"""The roles that see personal data, for a reason."""
PART: Final = "data-pribadi"
"""The last part of the address of the form."""


async def look(
    request: Asked, service: ConsoleApp, officer: SignedIn, kind: str, named: str
) -> Refusal | None:
    """Shows personal data to this session, for the reason in the form. Returns what is wrong with the reason.

    Raises: what `show_person` raises, but INVALID.
    """
    reason = (await request.form()).get("alasan")
    try:
        await show_person(
            service.db,
            kind,
            named,
            session=officer.session_id,
            reason=reason if isinstance(reason, str) else "",
            now=service.clock(),
        )
    except Refusal as refusal:
        if refusal.kind is not Kind.INVALID:
            raise
        return refusal
    return None
