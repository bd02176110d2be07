"""Reports of an organisation: asked for here or by the API, made by the worker, downloaded as CSV or XLSX."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.response import Stream

from meterai.kernel.ids import new_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.typed_ids import Prefix, write_id
from meterai.kit.formats.display import month_text
from meterai.kit.http.status import http_status
from meterai.partners.model import Organisation
from meterai.partners.months import month_before, month_code, month_of, read_month
from meterai.partners.reports.model import KEPT, Format, NewReport, Report, ReportKind, ReportState
from meterai.partners.reports.queries import file_of, report_of, reports_of
from meterai.partners.use_cases.ask_report import ask_report, kinds_for
from meterai.texts.partners import REPORT_ABOUT, REPORT_STATES, REPORT_TITLES
from meterai.texts.told import text_of
from meterai.web.account.acting import organisation_of
from meterai.web.account.sign_in import told
from meterai.web.pages.paging import ListSlice, read_cursor, slice_of
from meterai.web.requests.attachments import attachment
from meterai.web.requests.forms import Form, id_in
from meterai.web.requests.request_context import RequestContext, WebRequest

PAGE = "/saya/laporan"
SHOWN = 30
MONTHS_OFFERED = 24
_CHIPS: Final = {ReportState.WAITING: "busy", ReportState.READY: "done", ReportState.FAILED: "stop"}
_TYPES: Final = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A report in the list."""

    id: str
    number: str
    """The id as the API writes it, to name the report by."""
    title: str
    month: str
    chip: str
    state: str
    is_ready: bool
    why: str
    """Why it failed, and what to do."""
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class MonthChoice:
    """A month that can be asked for."""

    code: str
    name: str


@get(PAGE)
async def show_reports(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Shows the reports that were asked for, and the form that asks for another."""
    return await _page(request, context, await organisation_of(request, context))


@get(f"{PAGE}/keadaan")
async def show_progress(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Answers with the part of that page that changes."""
    values = await _listed(request, context, await organisation_of(request, context))
    headers = {"X-Mark": values["mark"]} | ({} if values["moving"] else {"X-Ended": "1"})
    return context.page(request, "reports_list.html", headers=headers, **values)


@post(PAGE, status_code=303)
async def ask(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Asks for a report of a month, once for each form."""
    form = await context.form(request)
    organisation = await organisation_of(request, context)
    now = context.service.clock()
    try:
        new = NewReport(
            id=id_in(form.text("kiriman")) or new_id(now),
            organisation_id=organisation.id,
            kind=_kind(form),
            month=read_month(form.text("bulan"), now),
        )
        await ask_report(context.service.db, new, now=now)
    except Refusal as refusal:
        return await _page(request, context, organisation, refusal, form)
    return context.redirect(request, PAGE)


@get(f"{PAGE}/{{id:uuid}}/{{format:str}}")
async def download(request: WebRequest, context: RequestContext, id: UUID, format: str) -> Stream:
    """Answers with a file of a report."""
    organisation = await organisation_of(request, context)
    report = await report_of(context.service.db, id, organisation_id=organisation.id)
    if report is None or format not in list(Format):
        raise Refusal(Kind.NOT_FOUND, "report.unknown")
    if report.state is not ReportState.READY:
        raise Refusal(Kind.CONFLICT, "report.not_ready")
    wanted = Format(format)
    name = f"{organisation.code}-{report.kind}-{month_code(report.month)}.{wanted}".replace("_", "-")
    headers = attachment(name) | {"Cache-Control": "private, no-store"}
    content = file_of(context.service.db, report.id, wanted)
    return Stream(content, media_type=_TYPES[wanted], headers=headers)


def _kind(form: Form) -> ReportKind:
    """Raises: Refusal INVALID `report.no_kind`."""
    try:
        return ReportKind(form.text("jenis"))
    except ValueError:
        raise Refusal(Kind.INVALID, "report.no_kind") from None


async def _listed(request: WebRequest, context: RequestContext, organisation: Organisation) -> dict[str, Any]:
    language, behind = context.visit(request).language, read_cursor(request, "sebelum")
    found = await reports_of(context.service.db, organisation.id, limit=SHOWN + 1, behind=behind)
    part: ListSlice[Report] = slice_of(found, SHOWN, lambda report: report.id, behind=behind)
    return {
        "part": part,
        "reports": [_row(report, language) for report in part.lines],
        "moving": any(report.state is ReportState.WAITING for report in part.lines),
        "mark": "-".join(str(report.state)[0] for report in part.lines),
    }


async def _page(
    request: WebRequest,
    context: RequestContext,
    organisation: Organisation,
    refusal: Refusal | None = None,
    form: Form | None = None,
) -> Response[bytes]:
    now, language = context.service.clock(), context.visit(request).language
    kinds = kinds_for(organisation)
    return context.page(
        request,
        "reports.html",
        status=http_status(refusal),
        kinds=kinds,
        kind=form.text("jenis") if form else kinds[0],
        titles=REPORT_TITLES,
        about=REPORT_ABOUT,
        months=[MonthChoice(month_code(one), month_text(one, language)) for one in _months(now)],
        month=form.text("bulan") if form else "",
        submit_id=str(new_id(now)),
        kept_days=KEPT.days,
        private=True,
        **await _listed(request, context, organisation),
        **told(refusal),
    )


def _months(now: datetime) -> list[date]:
    """This month and those before it."""
    months = [month_of(now)]
    while len(months) < MONTHS_OFFERED:
        months.append(month_before(months[-1]))
    return months


def _row(report: Report, language: str) -> ReportRow:
    why = text_of(report.code, language) if report.code else None
    return ReportRow(
        id=str(report.id),
        number=write_id(Prefix.REPORT, report.id),
        title=REPORT_TITLES[report.kind],
        month=month_text(report.month, language),
        chip=_CHIPS[report.state],
        state=REPORT_STATES[report.state],
        is_ready=report.state is ReportState.READY,
        why=f"{why.what} {why.next}" if why else "",
        asked_at=report.asked_at,
    )


ROUTES = [show_reports, show_progress, ask, download]
