"""The monthly statement of an organisation, as a page and as a table."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from litestar import Response, get

from meterai.kernel.typed_ids import Prefix, write_id
from meterai.kit.formats.csv_export import csv_table
from meterai.kit.formats.display import month_text
from meterai.partners.months import month_after, month_before, month_code, month_of, read_month
from meterai.partners.queries.statement import Statement, statement_of
from meterai.texts.mechanism.translation import translate
from meterai.texts.partners import MOVES, STATEMENT_ACCOUNTS, STATEMENT_COLUMNS, STATEMENT_ENDS
from meterai.web.account.acting import organisation_of
from meterai.web.requests.attachments import attachment
from meterai.web.requests.request_context import RequestContext, WebRequest


@get("/saya/bulan")
async def show_current(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Leads to the statement of this month."""
    await organisation_of(request, context)
    return context.redirect(request, f"/saya/bulan/{month_code(month_of(context.service.clock()))}")


@get("/saya/bulan/{month:str}")
async def show_statement(request: WebRequest, context: RequestContext, month: str) -> Response[bytes]:
    """Shows the statement of a month, or answers with it as a table when the address ends with `.csv`."""
    organisation = await organisation_of(request, context)
    now = context.service.clock()
    first = read_month(month.removesuffix(".csv"), now)
    found = await statement_of(context.service.db, organisation.id, first)
    language = context.visit(request).language
    if month.endswith(".csv"):
        headers = attachment(f"{organisation.code}-{month_code(first)}.csv")
        return Response(_csv(found, language), media_type="text/csv; charset=utf-8", headers=headers)
    return context.page(
        request,
        "statement.html",
        organisation=organisation,
        month_name=month_text(first, language),
        month=month_code(first),
        before=month_code(month_before(first)),
        after=month_code(month_after(first)) if first < month_of(now) else "",
        parts_shown=found.parts,
        account_names=STATEMENT_ACCOUNTS,
        moves=MOVES,
        private=True,
    )


def _csv(found: Statement, language: str) -> bytes:
    columns = [translate(column, language) for column in STATEMENT_COLUMNS]
    return csv_table(columns, _rows(found, language)).encode("utf-8-sig")


def _rows(found: Statement, language: str) -> Iterable[tuple[str, ...]]:
    opening, closing = (translate(word, language) for word in STATEMENT_ENDS)
    for part in found.parts:
        name = translate(STATEMENT_ACCOUNTS[part.account], language)
        yield found.month.isoformat(), name, opening, "", "", "", str(part.opening)
        for line in part.lines:
            yield (
                line.business_date.isoformat(),
                name,
                translate(MOVES[line.code], language),
                write_id(Prefix.BLOCK, line.block_id) if line.block_id else "",
                str(max(line.amount, 0)),
                str(max(-line.amount, 0)),
                str(line.balance),
            )
        last = month_after(found.month) - timedelta(days=1)
        yield last.isoformat(), name, closing, "", "", "", str(part.closing)


ROUTES = [show_current, show_statement]
