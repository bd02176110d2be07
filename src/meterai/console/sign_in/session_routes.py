"""The list of sessions. Officers end their own; an admin ends those of others, too."""

from __future__ import annotations

import uuid

from litestar import Response, get, post
from litestar.response import Redirect

from meterai.bootstrap import ConsoleApp
from meterai.console.pages import Asked, page
from meterai.console.session import SignedIn
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.audit_trail import write_audit
from meterai.operations.officers.sessions import end_session, open_sessions


@get("/sesi")
async def sessions_page(request: Asked, service: ConsoleApp, officer: SignedIn) -> Response[bytes]:
    """Lists the officer's sessions; for an admin those of everybody."""
    whose = None if officer.has("admin") else officer.officer
    async with service.db.connection() as connection:
        found = await open_sessions(connection, whose, service.clock())
    return page(request, "sessions.html", sessions=found)


@post("/sesi/{session_id:uuid}/akhiri", status_code=303)
async def end_one(service: ConsoleApp, officer: SignedIn, session_id: uuid.UUID) -> Redirect:
    """Ends a session. Raises: Refusal NOT_FOUND `officer.no_session`."""
    now = service.clock()
    async with service.db.transaction() as tx:
        whose = None if officer.has("admin") else officer.officer
        ended = await end_session(tx, session_id, of=whose, by=officer.officer, now=now)
        if ended is None:
            raise Refusal(Kind.NOT_FOUND, "officer.no_session")
        await write_audit(
            tx,
            actor=officer.officer,
            action="console.session_end",
            subject=str(session_id),
            facts={"officer": ended},
            now=now,
        )
    return Redirect("/sesi", status_code=303)
