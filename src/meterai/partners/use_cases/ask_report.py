"""Asks for a report of a month."""

from __future__ import annotations

from datetime import datetime

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.partners.model import Organisation, OrganisationRole
from meterai.partners.months import month_of
from meterai.partners.queries.organisations import find_organisation
from meterai.partners.reports import store
from meterai.partners.reports.model import NewReport, Report, ReportKind
from meterai.partners.reports.queries import report_of


async def ask_report(db: Database, new: NewReport, *, now: datetime, today: datetime | None = None) -> Report:
    """Asks the worker for a report of an organisation. Asking again with the same id changes nothing.
    `today`: what the organisation's clock shows, where it is not `now`.

    Raises: Refusal NOT_FOUND `partner.unknown`, `report.no_month` for a month that is to come; CONFLICT
    `report.not_for_role`.
    """
    if new.month > month_of(today or now):
        raise Refusal(Kind.NOT_FOUND, "report.no_month")
    async with db.connection() as connection:
        refuse_kind(await find_organisation(connection, new.organisation_id), new.kind)
        await store.ask(connection, new, now)
    report = await report_of(db, new.id, organisation_id=new.organisation_id)
    if report is None:
        raise Refusal(Kind.CONFLICT, "partner.id_used")
    return report


def kinds_for(organisation: Organisation) -> tuple[ReportKind, ...]:
    """The reports that an organisation of this role has."""
    if organisation.role is OrganisationRole.COLLECTOR:
        return ReportKind.COLLECTOR_MONTH, ReportKind.STOCK, ReportKind.TREASURY_DUES
    if organisation.role is OrganisationRole.DISTRIBUTOR:
        return ReportKind.STOCK, ReportKind.TREASURY_DUES
    return (ReportKind.STOCK,)


def refuse_kind(organisation: Organisation, kind: ReportKind) -> None:
    """Raises: Refusal CONFLICT `report.not_for_role`."""
    if kind not in kinds_for(organisation):
        raise Refusal(Kind.CONFLICT, "report.not_for_role")
