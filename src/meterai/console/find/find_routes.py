"""The search of the console: what a text names."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Response, get
from litestar.params import Parameter
from litestar.response import Redirect

from meterai.bootstrap import ConsoleApp
from meterai.console.find import case_routes, certificate_routes, key_routes, order_routes, partner_routes
from meterai.console.pages import Asked, page
from meterai.operations.finding.anything import Found, find_anything
from meterai.operations.finding.kinds import TEXT_LENGTH_MAX
from meterai.texts import case_words, find_words

PAGE: Final = "/cari"


@get(PAGE)
async def find(
    request: Asked,
    service: ConsoleApp,
    q: Annotated[str, Parameter(max_length=TEXT_LENGTH_MAX)] = "",
) -> Response[Any]:
    """Lists what a text names. A single thing is shown at once."""
    typed = q.strip()
    found = await find_anything(service.db, typed) if typed else None
    if found and found.count == 1 and (address := _address(found)):
        return Redirect(address, status_code=303)
    return page(
        request,
        "find/found.html",
        typed=typed,
        found=found if found and (found.count or found.help_codes) else None,
        order_states=find_words.ORDER_STATES,
        flows=find_words.FLOWS,
        case_kinds=case_words.KINDS,
        case_states=case_words.CASE_STATES,
        partner_roles=find_words.PARTNER_ROLES,
        partner_states=find_words.PARTNER_STATES,
    )


def _address(found: Found) -> str:
    """The page of the first thing; empty: it has none of its own, or the list says more."""
    if found.help_codes and not any(case.number.endswith(found.help_codes[0]) for case in found.cases):
        return ""
    if found.orders:
        return f"{order_routes.STORY}/{found.orders[0].number}"
    if found.cases:
        return f"{case_routes.PAGE}/{found.cases[0].number}"
    if found.partners:
        return f"{partner_routes.PAGE}/{found.partners[0].code}"
    if found.certificates:
        return f"{certificate_routes.PAGE}/{found.certificates[0].code}"
    if found.keys:
        return f"{key_routes.PAGE}/{found.keys[0].key_id}"
    return ""


ROUTES: Final[list[Any]] = [find]
