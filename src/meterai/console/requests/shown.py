"""A request as its pages show it to one officer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cryptography import x509

from meterai.console.acts import requests as acts
from meterai.console.find import partner_routes
from meterai.console.find.order_routes import STORY
from meterai.console.session import SignedIn
from meterai.kernel.money import format_rupiah
from meterai.kit.formats import display
from meterai.news.apology.publish import KIND as APOLOGISE
from meterai.operations.officers.requests import ReleaseRequest
from meterai.signatures.certificate_chain import common_name
from meterai.texts.mechanism.translation import translate
from meterai.texts.request_words import FACTS, HIDDEN, NO, RUPIAH, SERVICE, TITLES, WHEN_APPROVED, YES

_OPEN: Final = frozenset(
    {"amount", "bank", "given_back_before", "item", "kind", "named_at", "naming", "order", "pieces"}
)
"""Facts about a person that are no personal values."""
_APOLOGY: Final = "/kabar/gangguan/{number}/maaf"
_SHORT: Final = 200
_PLACES_OF: Final = {"order": STORY, "organisation": partner_routes.PAGE}
"""Where the story of what a fact names stands."""
_PLACES: Final = {name: place for place, name in enumerate(FACTS)}


@dataclass(frozen=True, slots=True)
class Fact:
    """What officers decide about."""

    label: str
    value: str
    address: str = ""
    """Where more of it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRequest:
    """A request in words."""

    number: int
    title: str
    subject: str
    subject_address: str
    """Where officers read all of what is asked for; empty: here."""
    facts: list[Fact]
    request: ReleaseRequest
    asker: str
    others: list[str]
    """Officers who may still approve it."""
    may_approve: bool
    may_withdraw: bool


def show_request(
    request: ReleaseRequest, officer: SignedIn, language: str, *, is_whole: bool
) -> ShownRequest:
    """Puts a request into words. `is_whole`: with long and personal values, if the officer may decide."""
    name = officer.officer
    is_waiting = request.released_at is None
    may_approve = is_waiting and officer.has(*request.roles) and name not in request.signed_by
    return ShownRequest(
        number=request.number,
        title=translate(TITLES.get(request.kind, request.kind), language),
        subject=request.subject,
        subject_address=_APOLOGY.format(number=request.subject) if request.kind == APOLOGISE else "",
        facts=_facts(request, language, is_bare=is_whole and may_approve, is_long=is_whole),
        request=request,
        asker=request.asker or translate(SERVICE, language),
        others=[one for one in request.may_sign if one not in request.signed_by],
        may_approve=may_approve,
        may_withdraw=is_waiting and (officer.has("admin") or name == request.asker),
    )


def _facts(request: ReleaseRequest, language: str, *, is_bare: bool, is_long: bool) -> list[Fact]:
    shown = []
    for name, value in sorted(request.facts.items(), key=lambda fact: _PLACES.get(fact[0], len(_PLACES))):
        is_hidden = request.person is not None and not is_bare and name not in _OPEN
        text = translate(HIDDEN, language) if is_hidden else _text(name, value, language)
        if len(text) > _SHORT and not is_long:
            text = f"{text[:_SHORT]}…"
        address = f"{_PLACES_OF[name]}/{text}" if name in _PLACES_OF else ""
        shown.append(Fact(translate(FACTS.get(name, name), language), text, address))
    return shown


def _text(name: str, value: object, language: str) -> str:
    match value:
        case bool():
            return translate(YES if value else NO, language)
        case int() if name == "vat_basis_points":
            return f"{display.percent_text(value, language)} %"
        case int():
            return format_rupiah(value) if name in RUPIAH else display.number_text(value, language)
        case list() if name == "certificates":
            return "\n".join(_name_of(str(one)) for one in value)
        case list():
            return "\n".join(_parts(one, " | ") for one in value)
        case dict():
            return _parts(value, "\n")
        case None:
            return "-"
        case "now" if name == "closes_at":
            return translate(WHEN_APPROVED, language)
        case _:
            return str(value)


def _parts(value: object, between: str) -> str:
    """The values of what has several, such as a document that an event asks for."""
    if not isinstance(value, dict):
        return str(value)
    return between.join(f"{name}: {one}" for name, one in value.items() if one is not None)


def _name_of(certificate: str) -> str:
    try:
        return common_name(x509.load_der_x509_certificate(bytes.fromhex(certificate)))
    except ValueError:
        return certificate


WITHDRAW: Final = f"/tindakan/{acts.PATH}?request="
"""Where a request is withdrawn; its number follows."""
