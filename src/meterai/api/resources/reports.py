"""Reports: a collector's month, stock, and what the treasury gets. The worker makes them; files follow."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.response import Stream
from msgspec import Meta

from meterai.api.access.caller import Caller
from meterai.api.conventions.ids import OrganisationId, Prefix, ReportId, id_of, unknown_id, write_id
from meterai.api.conventions.once import Once
from meterai.api.conventions.operations import operation
from meterai.api.conventions.paging import PAGE, Cursor, Limit, Page, page_of, read_cursor
from meterai.api.dependencies import Service
from meterai.api.resources.sandbox import now_of
from meterai.kernel.refusals import Kind, Refusal
from meterai.partners.months import month_code, read_month
from meterai.partners.reports.model import Format, NewReport, Report, ReportKind, ReportState
from meterai.partners.reports.queries import file_of, report_of, reports_of
from meterai.partners.use_cases.ask_report import ask_report

URL = "/api/v1/reports"
_TYPES: Final = {
    Format.CSV: "text/csv",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class ReportOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A report to make."""

    kind: ReportKind
    month: Annotated[
        str, Meta(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", description="Such as `2026-11` (WIB).")
    ]


class ReportView(msgspec.Struct, frozen=True, kw_only=True):
    """A report. Its files can be fetched once it is `ready`; they are kept for 30 days."""

    id: ReportId
    organisation_id: OrganisationId
    kind: ReportKind
    month: str
    state: ReportState
    asked_at: datetime
    made_at: datetime | None
    code: str | None
    """Why it failed."""
    lines: int | None
    figures: dict[str, int]
    """Sums. Those that begin with `ledger_` are the ledger's, and equal their namesakes."""
    files: dict[Format, str]
    """The addresses of its files."""


@post(
    URL,
    opt=operation(
        scope="reports:read",
        refuses={"report.no_month": Kind.NOT_FOUND, "report.not_for_role": Kind.CONFLICT},
    ),
    status_code=202,
)
async def create_report(
    data: ReportOrder, caller: Caller, once: Once, service: Service
) -> Response[ReportView]:
    """Asks for a report of a month. One of a month that is not over says what is booked so far."""
    now, today = service.clock(), await now_of(service, caller)
    new = NewReport(
        id=once.id,
        organisation_id=caller.organisation_id,
        kind=data.kind,
        month=read_month(data.month, today),
    )
    view = _view(await ask_report(service.db, new, now=now, today=today))
    return Response(view, headers={"Location": f"{URL}/{view.id}"})


@get(URL, opt=operation(scope="reports:read"))
async def list_reports(
    request: Request[Any, Any, Any],
    caller: Caller,
    service: Service,
    limit: Limit = PAGE,
    cursor: Cursor = "",
) -> Response[Page[ReportView]]:
    """Lists the reports of the organisation, the newest first."""
    found = await reports_of(
        service.db, caller.organisation_id, limit=limit + 1, behind=read_cursor(cursor, UUID)
    )
    return page_of(request, found, limit=limit, show=_view, place=lambda report: report.id)


@get(URL + "/{report_id:str}", opt=operation(scope="reports:read"))
async def read_report(report_id: ReportId, caller: Caller, service: Service) -> ReportView:
    """Reads a report."""
    return _view(await _report(service, caller, report_id))


@get(
    URL + "/{report_id:str}/csv",
    opt=operation(
        scope="reports:read", gives=_TYPES[Format.CSV], refuses={"report.not_ready": Kind.CONFLICT}
    ),
)
async def read_report_csv(report_id: ReportId, caller: Caller, service: Service) -> Stream:
    """Gives the report as a table (CSV, UTF-8 with a mark)."""
    return await _file(service, caller, report_id, Format.CSV)


@get(
    URL + "/{report_id:str}/xlsx",
    opt=operation(
        scope="reports:read", gives=_TYPES[Format.XLSX], refuses={"report.not_ready": Kind.CONFLICT}
    ),
)
async def read_report_xlsx(report_id: ReportId, caller: Caller, service: Service) -> Stream:
    """Gives the report as a workbook (XLSX). Its last sheet has the sums."""
    return await _file(service, caller, report_id, Format.XLSX)


async def _report(service: Service, caller: Caller, text: str) -> Report:
    found = await report_of(service.db, id_of(Prefix.REPORT, text), organisation_id=caller.organisation_id)
    if found is None:
        raise unknown_id()
    return found


async def _file(service: Service, caller: Caller, text: str, format: Format) -> Stream:
    report = await _report(service, caller, text)
    if report.state is not ReportState.READY:
        raise Refusal(Kind.CONFLICT, "report.not_ready", state=report.state)
    content: AsyncIterator[bytes] = file_of(service.db, report.id, format)
    name = f"{report.kind}-{month_code(report.month)}.{format}".replace("_", "-")
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Stream(content, media_type=_TYPES[format], headers=headers)


def _view(report: Report) -> ReportView:
    id = write_id(Prefix.REPORT, report.id)
    return ReportView(
        id=id,
        organisation_id=write_id(Prefix.ORGANISATION, report.organisation_id),
        kind=report.kind,
        month=month_code(report.month),
        state=report.state,
        asked_at=report.asked_at,
        made_at=report.made_at,
        code=report.code,
        lines=report.lines,
        figures=report.figures,
        files={format: f"{URL}/{id}/{format}" for format in Format}
        if report.state is ReportState.READY
        else {},
    )


ROUTES: list[Any] = [create_report, list_reports, read_report, read_report_csv, read_report_xlsx]
