"""Cookies of signing in: of the session, and of a sign-in that still needs its code."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from litestar import Response
from litestar.response import Redirect

from meterai.bootstrap import ConsoleApp
from meterai.console.session import cookie_name
from meterai.operations.officers.sessions import LONGEST
from meterai.operations.use_cases.sign_officer_in import HALF_LIVES


def half_name(app: ConsoleApp) -> str:
    """The cookie between password and code."""
    return f"{'__Host-' if app.is_https else ''}masuk"


def begin(app: ConsoleApp, token: str) -> Redirect:
    """Leads to the first page with the session's cookie."""
    answer = Redirect("/", status_code=303)
    _keep(answer, app, name=cookie_name(app), token=token, lives=LONGEST)
    answer.delete_cookie(half_name(app))
    return answer


def begin_half(app: ConsoleApp, token: str) -> Redirect:
    """Leads to the page that asks for the code."""
    answer = Redirect("/masuk/kode", status_code=303)
    _keep(answer, app, name=half_name(app), token=token, lives=HALF_LIVES)
    return answer


def _keep(answer: Response[Any], app: ConsoleApp, *, name: str, token: str, lives: timedelta) -> None:
    answer.set_cookie(
        name,
        token,
        max_age=int(lives.total_seconds()),
        httponly=True,
        secure=app.is_https,
        samesite="strict",
    )
