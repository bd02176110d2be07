"""What the shop shows to people who act for an organisation: its stock, and the way to more of it.

An organisation takes stamps from the organisation above. In the shop people buy for themselves, so it first
asks those who act for an organisation.
"""

from __future__ import annotations

from litestar import Response

from meterai.kernel.refusals import Refusal
from meterai.web.account.acting import acting_of, rights_of
from meterai.web.account.quota import quota_of
from meterai.web.requests.request_context import ACTING_COOKIE, RequestContext, WebRequest

SHOPS = frozenset({"/beli", "/kuota"})


async def organisation_instead(request: WebRequest, context: RequestContext) -> Response[bytes] | None:
    """The page with the organisation's stock; None for people who act for themselves.

    A membership that ended counts as none.
    """
    if not request.cookies.get(ACTING_COOKIE):
        return None
    try:
        whose = await acting_of(request, context)
    except Refusal:
        return None
    if whose is None or whose.organisation is None:
        return None
    lots = await quota_of(context, whose)
    return context.page(
        request,
        "acting_shop.html",
        status=409 if request.method == "POST" else 200,
        organisation=whose.organisation,
        available=sum(lot.available for lot in lots),
        back=context.visit(request).path,
        private=True,
        **rights_of(whose),
    )
