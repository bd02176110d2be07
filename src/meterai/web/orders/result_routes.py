"""What people do with the result of an order: download everything, check a file as anybody would."""

from __future__ import annotations

from uuid import UUID

from litestar import Response, get
from litestar.response import Stream

from meterai.kernel.refusals import Kind, Refusal
from meterai.sales.queries.order_page import order_items
from meterai.stamping.bundles.result_zip import each, zip_of
from meterai.stamping.queries import released_file, released_files
from meterai.web.orders.access import OrderKey, open_order_page
from meterai.web.orders.order_routes import stamped_documents
from meterai.web.requests.attachments import attachment
from meterai.web.requests.request_context import RequestContext, WebRequest
from meterai.web.verify.check_routes import checker_of


@get("/pesanan/{number:str}/hasil.zip")
async def download_all(request: WebRequest, context: RequestContext, number: str) -> Stream:
    """Answers with all stamped files of the order in one ZIP, which is made while it is sent."""
    key = await open_order_page(context, request, number, afresh=True)
    files = await released_files(context.service.db, list((await _stamped(context, key)).values()))
    if not files:
        raise Refusal(Kind.NOT_FOUND, "document.not_released")
    headers = attachment(f"bermeterai-{key.number}.zip")
    packed = zip_of(context.service.objects, each(file.path for file in files), each(files))
    return Stream(packed, media_type="application/zip", headers=headers)


@get("/pesanan/{number:str}/cek/{position:int}")
async def check_result(
    request: WebRequest, context: RequestContext, number: str, position: int
) -> Response[bytes]:
    """Judges the stamped file that we keep, by the rules for a file that somebody uploads."""
    key = await open_order_page(context, request, number, afresh=True)
    document_id = (await _stamped(context, key)).get(position)
    if document_id is None:
        raise Refusal(Kind.NOT_FOUND, "order.no_such_item")
    file = await released_file(context.service.db, context.service.objects, document_id)
    shown = await checker_of(context).judge(file.data, file.name)
    back = context.visit(request).link(f"/pesanan/{key.number}")
    return context.page(
        request, shown.template, status=shown.status, back=back, is_purchase=False, **shown.values
    )


async def _stamped(context: RequestContext, key: OrderKey) -> dict[int, UUID]:
    """The documents of the order that are stamped, by position."""
    return stamped_documents((await order_items(context.service.db, key.order_id)).items)


ROUTES = [download_all, check_result]
