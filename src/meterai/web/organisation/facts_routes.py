"""What a collector reports of a document is asked before it is stamped, as the API asks it in `facts`."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from litestar import Response, get, post

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.status import http_status
from meterai.ledger.recounting import retry_with_new_count
from meterai.partners.rights import Right
from meterai.partners.stamps.facts import DocumentType, IdentityType, StampFacts
from meterai.partners.stamps.ordering import OrderedStamps, count_order, note_order
from meterai.stamping.model import Job
from meterai.stamping.queries import DocumentPage, job_of_document
from meterai.stamping.use_cases.stamp_document import stamp_document
from meterai.stamping.use_cases.start_stamping import StampingRequest
from meterai.stamping.use_cases.tell_ends import await_end
from meterai.texts.mechanism.translation import translate
from meterai.texts.partners import DOCUMENT_TYPES, IDENTITY_TYPES, REPORT_COLUMNS
from meterai.web.account.acting import Acting, acting_member
from meterai.web.account.quota import lot_for, quota_of
from meterai.web.account.quota_document_routes import elsewhere_of
from meterai.web.account.sign_in import told
from meterai.web.documents.seen_documents import own_document
from meterai.web.organisation.facts_form import FIELDS, read_facts
from meterai.web.requests.forms import Form
from meterai.web.requests.request_context import RequestContext, WebRequest

PAGE = "/saya/dokumen/{document_id:uuid}/data"


@get(PAGE)
async def show_form(request: WebRequest, context: RequestContext, document_id: UUID) -> Response[bytes]:
    """Asks for the facts of a document whose stamps are placed."""
    document = await own_document(request, context, document_id, Right.STAMP)
    if elsewhere := await _elsewhere(context, document):
        return context.redirect(request, elsewhere)
    return _page(request, context, document, Form())


@post(PAGE, status_code=303)
async def take_facts(request: WebRequest, context: RequestContext, document_id: UUID) -> Response[bytes]:
    """Starts the stamping, and keeps the facts with it. Pressing the button twice leads to the same job."""
    form = await context.form(request)
    whose, _ = await acting_member(request, context, Right.STAMP)
    document = await own_document(request, context, document_id)
    if elsewhere := await _elsewhere(context, document):
        return context.redirect(request, elsewhere)
    facts, wrong = read_facts(form)
    try:
        if facts is None:
            raise _incomplete(context.visit(request).language, wrong)
        await _stamp(context, document, whose, facts)
    except Refusal as refusal:
        if await job_of_document(context.service.db, document_id) is None:
            return _page(request, context, document, form, refusal, wrong)
    return context.redirect(request, f"/saya/dokumen/{document_id}")


async def _elsewhere(context: RequestContext, document: DocumentPage) -> str:
    """The page of a document that can't be stamped, or not yet. Empty: it can."""
    if elsewhere := await elsewhere_of(context, document):
        return elsewhere
    return "" if document.placements else f"/saya/dokumen/{document.document_id}/letak"


async def _stamp(context: RequestContext, document: DocumentPage, whose: Acting, facts: StampFacts) -> None:
    service, now, pieces = context.service, context.service.clock(), len(document.placements)
    await await_end(
        service.db,
        document.document_id,
        customer_id=whose.customer_id,
        contact_id=whose.person.proven_by,
        now=now,
    )
    order = OrderedStamps(
        organisation_id=whose.organisation_id,
        client_id=None,
        pieces=pieces,
        per_document=pieces,
        facts=facts,
    )

    async def reserve() -> Job:
        request = StampingRequest(
            document_id=document.document_id,
            customer_id=whose.customer_id,
            lot_account_id=lot_for(await quota_of(context, whose), pieces),
            reference_id=document.document_id,
            idempotency_key=f"quota-{document.document_id}",
        )
        return await stamp_document(
            service.db,
            document,
            document.placements,
            request,
            before=partial(count_order, order=order, now=now),
            after=lambda tx, job: note_order(tx, order, job_id=job.id, document_id=job.document_id),
            now=now,
        )

    await retry_with_new_count(reserve)


def _incomplete(language: str, wrong: list[str]) -> Refusal:
    names = ", ".join(translate(REPORT_COLUMNS[name], language) for name in wrong)
    return Refusal(Kind.INVALID, "facts.incomplete", fields=names)


def _page(
    request: WebRequest,
    context: RequestContext,
    document: DocumentPage,
    form: Form,
    refusal: Refusal | None = None,
    wrong: list[str] | None = None,
) -> Response[bytes]:
    is_identity = refusal is not None and refusal.code == "facts.identity"
    return context.page(
        request,
        "facts.html",
        status=http_status(refusal),
        name=document.name,
        document_id=document.document_id,
        pieces=len(document.placements),
        typed={name: form.text(field) for name, field in FIELDS.items()},
        wrong=["liable_identity"] if is_identity else wrong or [],
        labels=REPORT_COLUMNS,
        types={kind.value: DOCUMENT_TYPES[kind] for kind in DocumentType},
        identities={kind.value: IDENTITY_TYPES[kind] for kind in IdentityType},
        private=True,
        **told(refusal),
    )


ROUTES = [show_form, take_facts]
