"""Builds the console: its routes, and what stands around them."""

from __future__ import annotations

from typing import Any, Final

from litestar import Litestar, Request
from litestar.config.csrf import CSRFConfig
from litestar.datastructures import MutableScopeHeaders
from litestar.di import Provide
from litestar.middleware import DefineMiddleware
from litestar.types import Message, Scope

from meterai.bootstrap import ConsoleApp
from meterai.console.acts import act_routes
from meterai.console.find import (
    case_routes,
    certificate_routes,
    find_routes,
    key_routes,
    order_routes,
    partner_routes,
)
from meterai.console.news import announcement_routes, apology_routes, incident_routes
from meterai.console.now.now_routes import NOW_ROUTES
from meterai.console.now.watch import Watch
from meterai.console.page_routes import choose_language, static_file
from meterai.console.problems import EXCEPTION_HANDLERS
from meterai.console.requests import request_routes
from meterai.console.session import Sessions, SignedIn, give_officer
from meterai.console.sign_in import enrolment_routes, factor_routes, sign_in_routes
from meterai.console.sign_in.session_routes import end_one, sessions_page
from meterai.kit.http.safety_headers import safety_headers

ROUTES: Final[list[Any]] = [
    *NOW_ROUTES,
    choose_language,
    static_file,
    *sign_in_routes.ROUTES,
    *enrolment_routes.ROUTES,
    sessions_page,
    end_one,
    *factor_routes.ROUTES,
    *incident_routes.ROUTES,
    *announcement_routes.ROUTES,
    *apology_routes.ROUTES,
    *act_routes.ROUTES,
    *request_routes.ROUTES,
    *find_routes.ROUTES,
    *order_routes.ROUTES,
    *case_routes.ROUTES,
    *partner_routes.ROUTES,
    *certificate_routes.ROUTES,
    *key_routes.ROUTES,
]
_FORM_BYTES_MAX: Final = 200_000


def build_console(service: ConsoleApp) -> Litestar:
    """Makes the ASGI application."""
    always = safety_headers(tls=service.is_https, hsts=service.settings.hsts)

    async def add_headers(message: Message, _: Scope) -> None:
        if message["type"] == "http.response.start":
            headers = MutableScopeHeaders.from_message(message)
            for name, value in always:
                headers[name.decode()] = value.decode()
            headers.setdefault("cache-control", "no-store")

    app = Litestar(
        route_handlers=ROUTES,
        dependencies={
            "service": Provide(_give_service, sync_to_thread=False),
            "officer": Provide(give_officer, sync_to_thread=False),
        },
        middleware=[DefineMiddleware(Sessions)],
        csrf_config=CSRFConfig(
            secret=service.form_key,
            cookie_name=f"{'__Host-' if service.is_https else ''}formulir",
            cookie_secure=service.is_https,
            cookie_httponly=True,
            cookie_samesite="strict",
        ),
        exception_handlers=EXCEPTION_HANDLERS,
        before_send=[add_headers],
        request_max_body_size=_FORM_BYTES_MAX,
        openapi_config=None,
        logging_config=None,
        signature_types=[ConsoleApp, SignedIn],
    )
    app.state.service = service
    app.state.watch = Watch(service)
    return app


def _give_service(request: Request[Any, Any, Any]) -> ConsoleApp:
    service: ConsoleApp = request.app.state.service
    return service
