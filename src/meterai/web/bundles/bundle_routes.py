"""Bundles: many documents are uploaded and checked, placed by one rule, stamped from quota, and
downloaded.
"""

from __future__ import annotations

import asyncio
import math
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.response import Stream

from meterai.customers.queries import SessionCustomer
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection
from meterai.kit.formats.display import moment_in_name
from meterai.kit.http.status import http_status
from meterai.ledger.recounting import retry_with_new_count
from meterai.operations.use_cases.stop_signing import is_signing_stopped
from meterai.partners.rights import Right
from meterai.partners.stamps.ordering import note_bundle_jobs
from meterai.stamping.bundles.model import MOVING, UNDER_WAY, BundleCounts, BundleHead, Outcome, bundle_id
from meterai.stamping.bundles.queries import (
    bundle_counts,
    bundle_head,
    bundles_of_customer,
    part_of_bundle,
    paths_of,
    walk_files,
)
from meterai.stamping.bundles.result_zip import zip_of
from meterai.stamping.use_cases.cancel_bundle import cancel_bundle
from meterai.stamping.use_cases.drop_bundle import drop_bundle
from meterai.stamping.use_cases.drop_from_bundle import drop_from_bundle
from meterai.stamping.use_cases.open_bundle import open_bundle
from meterai.stamping.use_cases.start_bundle import start_bundle
from meterai.stamping.use_cases.tell_ends import await_end
from meterai.texts.mechanism.translation import translate
from meterai.texts.pages import BUNDLE_COLUMNS
from meterai.web.account.acting import Acting, acting, acting_of, reports_facts, rights_of
from meterai.web.account.quota import count_ordered, quota_of
from meterai.web.account.sign_in import told
from meterai.web.bundles.bundle_check import check_values
from meterai.web.bundles.bundle_covering import let_cover, look_at_places
from meterai.web.bundles.bundle_view import BundleView, place_address, view_in, view_named
from meterai.web.bundles.bundling import (
    BUNDLE_BYTES_MAX,
    FILES_MAX,
    UPLOAD_BYTES_MAX,
    UPLOAD_LIMITS,
    UPLOADS_AT_ONCE,
    add_uploads,
    report_csv,
    row_of,
)
from meterai.web.pages.paging import read_cursor, slice_of
from meterai.web.requests.attachments import attachment
from meterai.web.requests.forms import Form, id_in, position_named
from meterai.web.requests.request_context import RequestContext, WebRequest

BUNDLES_SHOWN = 20
FILES_SHOWN = 50
"""Files on one page of a bundle."""
_UPLOAD_SECONDS_MAX = 600
_NAME = re.compile(r"[\w-]{1,64}", re.ASCII)
_uploading: set[UUID] = set()


@get("/saya/banyak")
async def show_form(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Asks for the files."""
    whose = await acting_of(request, context)
    if whose is None:
        return context.redirect(request, "/saya")
    refusal = None
    if await reports_facts(context, whose):
        refusal = Refusal(Kind.CONFLICT, "member.collector")
    return await _form_page(request, context, whose, refusal)


@post("/saya/banyak", status_code=303)
async def take_files(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Checks the files and opens a bundle with them.

    The same form sent again gives the same bundle. That holds even if its body is not read because the first
    request is still at work: the name of the form stands in the address.
    """
    whose = await acting(request, context, Right.BUNDLE)
    sent = request.query_params.get("kiriman", "")
    name = sent if _NAME.fullmatch(sent) else secrets.token_urlsafe(18)
    try:
        async with _turn(whose.person):
            form = await _uploaded(request, context)
            id = bundle_id(whose.customer_id, f"form:{name}")
            service = context.service
            await open_bundle(
                service.db,
                customer_id=whose.customer_id,
                bundle_id=id,
                door="web",
                now=service.clock(),
                organisation_id=whose.organisation_id,
            )
            return await _add(request, context, whose, id, form)
    except Refusal as refusal:
        return await _form_page(request, context, whose, refusal, name=name)


@get("/saya/banyak/{id:uuid}")
async def show_bundle(request: WebRequest, context: RequestContext, id: UUID) -> Response[bytes]:
    """Shows what was checked and what is asked before stamping; afterwards the progress."""
    whose = await acting(request, context)
    return await _page(request, context, whose, id)


@get("/saya/banyak/{id:uuid}/keadaan")
async def show_progress(request: WebRequest, context: RequestContext, id: UUID) -> Response[bytes]:
    """Answers with the part of that page that changes."""
    whose = await acting(request, context)
    found = await _counts(context, whose, id)
    stopped = await _is_stopped(context, found)
    state = "waiting" if found.started_at is None else "moving" if found.moving else "ended"
    mark = _mark(found, stopped=stopped)
    headers = {"X-State": state, "X-Mark": mark, "ETag": f'"{mark}"'}
    if not found.moving:
        headers["X-Ended"] = "1"
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(b"", status_code=304, headers=headers)
    values = await _progress(context, request, found, stopped=stopped)
    return context.page(request, "bundle_state.html", headers=headers, **values)


@post("/saya/banyak/{id:uuid}/berkas", status_code=303)
async def take_more(request: WebRequest, context: RequestContext, id: UUID) -> Response[bytes]:
    """Takes more files into a bundle that was not started yet."""
    whose = await acting(request, context, Right.BUNDLE)
    found = await _counts(context, whose, id)
    try:
        if found.started_at is not None:
            raise Refusal(Kind.CONFLICT, "bundle.started")
        async with _turn(whose.person):
            form = await _uploaded(request, context)
            return await _add(request, context, whose, id, form)
    except Refusal as refusal:
        return await _page(request, context, whose, id, refusal)


@post("/saya/banyak/{id:uuid}/keluarkan/{file_id:uuid}", status_code=303)
async def take_out(request: WebRequest, context: RequestContext, id: UUID, file_id: UUID) -> Response[bytes]:
    """Takes one file out."""
    form = await context.form(request)
    whose = await acting(request, context, Right.BUNDLE)
    service, customer_id = context.service, whose.customer_id
    await drop_from_bundle(
        service.db, bundle_id=id, customer_id=customer_id, file_id=file_id, now=service.clock()
    )
    return context.redirect(request, view_in(form).address(id))


@post("/saya/banyak/{id:uuid}/buang", status_code=303)
async def drop(request: WebRequest, context: RequestContext, id: UUID) -> Response[bytes]:
    """Deletes a bundle that was not started."""
    await context.form(request)
    whose = await acting(request, context, Right.BUNDLE)
    service = context.service
    await drop_bundle(service.db, bundle_id=id, customer_id=whose.customer_id, now=service.clock())
    return context.redirect(request, "/saya/banyak")


@post("/saya/banyak/{id:uuid}/hentikan", status_code=303)
async def stop(request: WebRequest, context: RequestContext, id: UUID) -> Response[bytes]:
    """Stamps no more files of a started bundle than those whose stamps are reserved."""
    await context.form(request)
    whose = await acting(request, context, Right.BUNDLE)
    service = context.service
    await cancel_bundle(service.db, bundle_id=id, customer_id=whose.customer_id, now=service.clock())
    return context.redirect(request, f"/saya/banyak/{id}")


@post("/saya/banyak/{id:uuid}/mulai", status_code=303)
async def start(request: WebRequest, context: RequestContext, id: UUID) -> Response[bytes]:
    """Uses the quota that the person saw, and starts the stamping. A second press changes nothing.

    The same form has the buttons that show other files, or one file. They start nothing.
    """
    form = await context.form(request)
    whose = await acting(request, context, Right.BUNDLE)
    view = view_in(form)
    if elsewhere := await _elsewhere(context, whose, form, view, id):
        return context.redirect(request, elsewhere)
    now = context.service.clock()
    await await_end(
        context.service.db, id, customer_id=whose.customer_id, contact_id=whose.person.proven_by, now=now
    )

    async def before(tx: Connection, pieces: int) -> None:
        await count_ordered(tx, whose, pieces=pieces, per_document=1, now=now)

    async def reserve() -> int:
        lots = await quota_of(context, whose)
        return await start_bundle(
            context.service.db,
            bundle_id=id,
            customer_id=whose.customer_id,
            rule=view.rule,
            lots=[(lot.lot_account_id, lot.available) for lot in lots],
            expected=form.number("keping") + form.number("lagi"),
            again=form.number("lagi") > 0,
            settled=True,
            before=before,
            after=note_bundle_jobs,
            now=now,
        )

    try:
        if not await look_at_places(context, whose, id, view):
            raise Refusal(Kind.BUSY, "bundle.not_looked")
        await retry_with_new_count(reserve)
    except Refusal as refusal:
        first = msgspec.structs.replace(view, page=1)  # there is what is odd
        return await _page(request, context, whose, id, refusal, view=first)
    return context.redirect(request, f"/saya/banyak/{id}")


async def _elsewhere(context: RequestContext, whose: Acting, form: Form, view: BundleView, id: UUID) -> str:
    """Does what the pressed button asks for, and returns the page to show; empty: it starts the stamping."""
    if file := id_in(form.text("biar")):
        await let_cover(context, whose, id, file, view)
        return view.address(id, file)
    if file := id_in(form.text("ubah")):
        return place_address(id, file, view)
    if page := form.text("lihat"):
        await look_at_places(context, whose, id, view)
        return msgspec.structs.replace(view, page=position_named(page)).address(id) + "#berkas-siap"
    return ""


@get("/saya/banyak/{id:uuid}/hasil.zip")
async def download(request: WebRequest, context: RequestContext, id: UUID) -> Stream:
    """Answers with all stamped files in one ZIP, which is made while it is sent."""
    whose = await acting(request, context)
    found, db = await _counts(context, whose, id), context.service.db
    if not found.count(Outcome.STAMPED):
        raise Refusal(Kind.NOT_FOUND, "document.not_released")
    headers = attachment(f"bermeterai-{moment_in_name(found.created_at)}.zip")
    packed = zip_of(context.service.objects, paths_of(db, id), walk_files(db, id, stamped=True))
    return Stream(packed, media_type="application/zip", headers=headers)


@get("/saya/banyak/{id:uuid}/laporan.csv")
async def download_report(request: WebRequest, context: RequestContext, id: UUID) -> Stream:
    """Answers with the outcome of each file as a table, which is made while it is sent."""
    whose = await acting(request, context)
    found = await _head(context, whose, id)
    language = context.visit(request).language
    columns = [translate(column, language) for column in BUNDLE_COLUMNS]
    headers = attachment(f"laporan-{moment_in_name(found.created_at)}.csv")
    started = found.started_at is not None
    rows = (row_of(file, language, started=started) async for file in walk_files(context.service.db, id))
    return Stream(report_csv(rows, columns), media_type="text/csv; charset=utf-8", headers=headers)


@asynccontextmanager
async def _turn(customer: SessionCustomer) -> AsyncIterator[None]:
    """Reserves one of the few large uploads at a time, one for each customer. Others are asked to come
    back.
    """
    if customer.customer_id in _uploading or len(_uploading) >= UPLOADS_AT_ONCE:
        raise Refusal(Kind.BUSY, "form.busy")
    _uploading.add(customer.customer_id)
    try:
        yield
    finally:
        _uploading.discard(customer.customer_id)


async def _uploaded(request: WebRequest, context: RequestContext) -> Form:
    """Reads the form with its files. Raises: Refusal as `RequestContext.form`, and `form.no_file`."""
    try:
        async with asyncio.timeout(_UPLOAD_SECONDS_MAX):
            form = await context.form(request, UPLOAD_LIMITS)
    except TimeoutError:
        raise Refusal(Kind.INVALID, "form.unreadable") from None
    if not form.uploads("berkas"):
        raise Refusal(Kind.INVALID, "form.no_file")
    return form


async def _add(
    request: WebRequest, context: RequestContext, whose: Acting, id: UUID, form: Form
) -> Response[bytes]:
    try:
        await add_uploads(context, id, whose.customer_id, form.files.pop("berkas"))
    except Refusal as refusal:
        context.visit(request).page = f"/saya/banyak/{id}"  # also as the answer to the form that opened it
        return await _page(request, context, whose, id, refusal)
    return context.redirect(request, f"/saya/banyak/{id}")


async def _head(context: RequestContext, whose: Acting, id: UUID) -> BundleHead:
    return _known(await bundle_head(context.service.db, id, customer_id=whose.customer_id))


async def _counts(context: RequestContext, whose: Acting, id: UUID) -> BundleCounts:
    return _known(await bundle_counts(context.service.db, id, customer_id=whose.customer_id))


def _known[T](found: T | None) -> T:
    if found is None:
        raise Refusal(Kind.NOT_FOUND, "bundle.unknown")
    return found


async def _is_stopped(context: RequestContext, found: BundleCounts) -> bool:
    """Tells whether documents of the bundle wait for the stop switch."""
    return found.moving and await is_signing_stopped(context.service.db)


async def _form_page(
    request: WebRequest,
    context: RequestContext,
    whose: Acting,
    refusal: Refusal | None = None,
    *,
    name: str = "",
) -> Response[bytes]:
    behind = read_cursor(request, "sebelum")
    found = await bundles_of_customer(
        context.service.db, whose.customer_id, limit=BUNDLES_SHOWN + 1, behind=behind
    )
    return context.page(
        request,
        "bundle_new.html",
        status=http_status(refusal),
        submit_id=name or secrets.token_urlsafe(18),
        files_max=FILES_MAX,
        parcel_bytes_max=UPLOAD_BYTES_MAX,
        bundle_bytes_max=BUNDLE_BYTES_MAX,
        bundles=slice_of(found, BUNDLES_SHOWN, lambda one: one.id, behind=behind),
        private=True,
        **told(refusal),
    )


async def _page(
    request: WebRequest,
    context: RequestContext,
    whose: Acting,
    id: UUID,
    refusal: Refusal | None = None,
    *,
    view: BundleView | None = None,
) -> Response[bytes]:
    counts = await _counts(context, whose, id)
    status = http_status(refusal)
    if counts.started_at is not None:
        values = await _progress(context, request, counts, stopped=await _is_stopped(context, counts))
        return context.page(request, "bundle.html", status=status, private=True, **told(refusal), **values)
    lots = await quota_of(context, whose)
    values = await check_values(
        context,
        id,
        view or view_named(request.query_params.get("lihat", "")),
        unfit=counts.count(Outcome.UNFIT, Outcome.REFUSED, Outcome.EXPIRED),
        language=context.visit(request).language,
    )
    return context.page(
        request,
        "bundle_check.html",
        status=status,
        id=id,
        available=sum(lot.available for lot in lots),
        files_max=FILES_MAX,
        parcel_bytes_max=UPLOAD_BYTES_MAX,
        bundle_bytes_max=BUNDLE_BYTES_MAX,
        private=True,
        **rights_of(whose),
        **told(refusal),
        **values,
    )


async def _progress(
    context: RequestContext, request: WebRequest, found: BundleCounts, *, stopped: bool
) -> dict[str, Any]:
    """The progress of a bundle and one page of its files."""
    stamped, refused, ready = map(found.count, (Outcome.STAMPED, Outcome.REFUSED, Outcome.READY))
    given, not_given = found.count(*MOVING) + stamped + refused, ready - found.left_out
    files = sum(found.files.values())
    pages = max(1, math.ceil(files / FILES_SHOWN))
    page = min(position_named(request.query_params.get("hal", "")), pages)
    skip = (page - 1) * FILES_SHOWN
    part = (
        await part_of_bundle(context.service.db, found.id, limit=FILES_SHOWN, skip=skip)
        if found.started_at
        else []
    )
    language = context.visit(request).language
    rows = [row_of(file, language, started=True) for file in part]
    return {
        "id": found.id,
        "started": found.started_at is not None,
        "ready": ready,
        "moving": found.moving,
        "waiting": found.count(Outcome.WAITING),
        "halted": found.halt_code is not None,
        "suspended": found.halt_code == "partner.not_active",
        "cancelled": found.cancelled_at is not None,
        "stopped": stopped,
        "given": given,
        "stamped": stamped,
        "ended": stamped + refused,
        "not_given": not_given,
        "unfit": files - given - not_given,
        "refused_count": refused,
        "troubled": [row for row in rows if row.file.outcome not in UNDER_WAY],
        "others": [row for row in rows if row.file.outcome in UNDER_WAY],
        "files": files,
        "first": skip + 1,
        "last": skip + len(part),
        "page": page,
        "pages": pages,
        "mark": _mark(found, stopped=stopped),
    }


def _mark(found: BundleCounts, *, stopped: bool) -> str:
    """Makes a mark that changes with what the bundle's page says."""
    counts = "-".join(str(found.count(outcome)) for outcome in Outcome)
    return f"{counts}-{found.left_out}-{stopped}-{found.halt_code}-{found.cancelled_at is not None}"


ROUTES = [
    show_form,
    take_files,
    show_bundle,
    show_progress,
    take_more,
    take_out,
    drop,
    stop,
    start,
    download,
    download_report,
]
