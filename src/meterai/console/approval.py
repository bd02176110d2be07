"""Approvals: how an officer approves an act that needs a signature. `templates/approval.html` asks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec
from cryptography import x509

from meterai.bootstrap import ConsoleApp
from meterai.console.session import SignedIn, passkey_place
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor, Signature
from meterai.operations.officers.act_text import Act, make_fresh, text_of
from meterai.operations.officers.passkeys import ask_to_sign
from meterai.operations.officers.register import installation_id, is_checked
from meterai.operations.officers.requests import ReleaseRequest
from meterai.operations.use_cases.approve_act import approve_by_code, approve_by_passkey
from meterai.operations.use_cases.ask_two_officers import ask_two_officers
from meterai.operations.use_cases.sign_request import Signed, sign_request


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """What `approval.html` shows, as `approval`."""

    text: str
    """The text of the act, which the form sends back."""
    passkey_asked: str
    """What a browser is asked to sign with any passkey of this console, as JSON."""


async def approval_of(app: ConsoleApp, act: Act) -> Approval | None:
    """Makes the text that the officer is asked to approve. None: acts are unchecked here."""
    async with app.db.connection() as connection:
        if not await is_checked(connection):
            return None
        text = text_of(act, await installation_id(connection), make_fresh(app.clock()))
    return Approval(text=text, passkey_asked=ask_to_sign(passkey_place(app), text=text))


async def is_checked_here(app: ConsoleApp) -> bool:
    """Whether acts need approvals here: everywhere but in development without officers."""
    async with app.db.connection() as connection:
        return await is_checked(connection)


def act_of(request: ReleaseRequest) -> Act:
    """The act that a second officer approves."""
    return Act(kind=request.kind, subject=request.subject, facts=request.facts, request=request.number)


async def actor_of(app: ConsoleApp, officer: SignedIn, act: Act, form: Mapping[str, str]) -> Actor:
    """Returns who acts, with the approval of an act that one officer signs.

    In development without officers: the name alone.

    Raises: what `signature_of` raises.
    """
    if not await is_checked_here(app):
        return Actor(name=officer.officer)
    return Actor(name=officer.officer, signature=await signature_of(app, officer, act, form))


async def ask_here(
    app: ConsoleApp, officer: SignedIn, act: Act, form: Mapping[str, str], *, person: str | None = None
) -> int:
    """Stores the request for an act of two officers, with this one's approval. Returns its number.

    `person`: the customer whose personal values stand in the facts.

    Raises: what `signature_of` and `ask_two_officers` raise.
    """
    signed = await signature_of(app, officer, act, form)
    return await ask_two_officers(app.db, signed, act.facts, person=person)


async def sign_request_here(
    app: ConsoleApp,
    officer: SignedIn,
    request: ReleaseRequest,
    form: Mapping[str, str],
    *,
    roots: Callable[[], Sequence[x509.Certificate]],
) -> Signed:
    """Adds this officer's approval to a request. The last one carries the act out.

    Raises: what `signature_of` and `sign_request` raise.
    """
    signed = await signature_of(app, officer, act_of(request), form)
    return await sign_request(app.db, request, signed, roots=roots, now=app.clock())


async def signature_of(app: ConsoleApp, officer: SignedIn, act: Act, form: Mapping[str, str]) -> Signature:
    """Returns the officer's approval of exactly this act, as the form of `approval.html` brought it.

    Raises: Refusal FORBIDDEN `officer.unsigned`; what `approve_by_code` and `approve_by_passkey` raise.
    """
    text = form.get("approved_text", "").replace("\r\n", "\n")  # as browsers send line ends
    code, answer = form.get("code", ""), form.get("passkey", "")
    if not text or not (code or answer):
        raise Refusal(Kind.FORBIDDEN, "officer.unsigned")
    if answer:
        place = passkey_place(app)
        return await approve_by_passkey(
            app.db, officer.officer, act, text=text, answer=answer, place=place, now=app.clock()
        )
    return await approve_by_code(app.db, officer.officer, act, text=text, code=code, now=app.clock())
