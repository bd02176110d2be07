"""Stopping a payout by the link in the message about it: no sign-in, and one question before it."""

from __future__ import annotations

from litestar import Response, get, post

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.status import http_status
from meterai.sales.model import REFUND_STOPPED, RefundState
from meterai.sales.stop_links import StopLink, read_stop_token
from meterai.sales.use_cases.stop_refund import StoppableRefund, read_stoppable, stop_refund
from meterai.web.account.sign_in import told
from meterai.web.requests.request_context import RequestContext, WebRequest


@get("/hentikan/{token:str}")
async def show_stop(request: WebRequest, context: RequestContext, token: str) -> Response[bytes]:
    """Shows the payout, and asks whether to stop it. Nothing changes: mail scanners follow links."""
    return await _page(request, context, token)


@post("/hentikan/{token:str}", status_code=303)
async def stop(request: WebRequest, context: RequestContext, token: str) -> Response[bytes]:
    """Stops the payout."""
    await context.form(request)
    try:
        await stop_refund(context.service.db, _link(context, token), now=context.service.clock())
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return await _page(request, context, token, refusal)
    return context.redirect(request, f"/hentikan/{token}")


def _link(context: RequestContext, token: str) -> StopLink:
    link = read_stop_token(context.service.secret, token)
    if link is None:
        raise Refusal(Kind.NOT_FOUND, "refund.stop_unknown")
    return link


def outcome_of(found: StoppableRefund) -> str:
    """What a stop link can still do: `ask`, or why there is nothing to stop."""
    refund = found.refund
    if found.is_renamed:
        return "renamed"
    if refund.is_stoppable:
        return "ask"
    if refund.state is RefundState.NEEDS_ACCOUNT:
        return "stopped" if refund.failure_code == REFUND_STOPPED else "refused"
    return "gone" if refund.state is RefundState.PAID else "under_way"


async def _page(
    request: WebRequest, context: RequestContext, token: str, refusal: Refusal | None = None
) -> Response[bytes]:
    found = await read_stoppable(context.service.db, _link(context, token))
    return context.page(
        request,
        "refund_stop.html",
        status=http_status(refusal),
        number=found.number,
        refund=found.refund,
        outcome=outcome_of(found),
        private=True,
        **told(refusal),
    )


ROUTES = [show_stop, stop]
