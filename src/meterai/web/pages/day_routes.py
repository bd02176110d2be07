"""The pages of closed days: what became of all money that was paid, and how anybody checks it."""

from __future__ import annotations

import base64
import re
from datetime import date
from typing import Final

import msgspec
from litestar import Response, get

from meterai.accounting.days.model import PARTS, StoredStatement
from meterai.accounting.days.queries import newest_statements, statement_of
from meterai.kernel.refusals import Kind, Refusal
from meterai.texts.days import FIGURES, MEANINGS
from meterai.web.requests.request_context import RequestContext, WebRequest

_SHOWN: Final = 31
_DAY: Final = re.compile(r"20[0-9]{2}-[01][0-9]-[0-3][0-9]")
_CHECK: Final = """curl -sO {address}/{file}
jq -j .statement {file} > statement
jq -r .signature {file} | base64 -d > signature
jq -r .public_key {file} > key.pem
openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in statement -sigfile signature"""
"""How anybody checks a statement; the documentation says the same."""
_NEVER_CHANGES: Final = {"Cache-Control": "public, max-age=86400", "Access-Control-Allow-Origin": "*"}


class SignedStatement(msgspec.Struct, frozen=True, kw_only=True):
    """A statement for machines."""

    statement: str
    """Its text. The signature covers exactly these bytes, in UTF-8."""
    signature: str
    """Ed25519, in base64."""
    key: str
    public_key: str
    """PEM."""


@get("/hari")
async def show_days(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Shows the sums of all closed days, and the newest days."""
    before = _read_day(request.query_params.get("sebelum", ""))
    async with context.service.db.connection() as connection:
        found = await newest_statements(connection, limit=_SHOWN + 1, before=before)
    shown = [one.read() for one in found[:_SHOWN]]
    return context.page(
        request,
        "days.html",
        days=shown,
        older=str(shown[-1].business_date) if len(found) > _SHOWN else "",
        is_first=before is None,
        figures=FIGURES,
        meanings=MEANINGS,
        parts_of_paid=PARTS,
    )


@get("/hari/{day:str}")
async def show_day(request: WebRequest, context: RequestContext, day: str) -> Response[bytes]:
    """Shows the statement of a day; for machines, with its signature, when the address ends with `.json`.

    Raises: Refusal NOT_FOUND `page.not_found`, also for a day that is not closed.
    """
    wanted = _read_day(day.removesuffix(".json"))
    if wanted is None:
        raise Refusal(Kind.NOT_FOUND, "page.not_found")
    async with context.service.db.connection() as connection:
        found = await statement_of(connection, wanted)
    if found is None:
        raise Refusal(Kind.NOT_FOUND, "page.not_found")
    if day.endswith(".json"):
        return Response(_for_machines(found), media_type="application/json", headers=_NEVER_CHANGES)
    said = found.read()
    return context.page(
        request,
        "day.html",
        said=said,
        digest=found.digest,
        commands=_CHECK.format(address=f"{context.service.public_url}/hari", file=f"{wanted}.json"),
        figures=FIGURES,
        meanings=MEANINGS,
        parts_of_paid=PARTS,
    )


def _read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def _for_machines(found: StoredStatement) -> bytes:
    signed = SignedStatement(
        statement=found.statement.decode(),
        signature=base64.b64encode(found.signature).decode(),
        key=found.key_id,
        public_key=found.public_key,
    )
    return msgspec.json.encode(signed) + b"\n"


ROUTES = [show_days, show_day]
