"""Finds who calls, by the token of the request."""

from __future__ import annotations

from litestar.types import Scope

from meterai.api.access.caller import Caller
from meterai.bootstrap import App
from meterai.kernel.refusals import Kind, Refusal

TOKEN_PATH = "/api/v1/token"  # noqa: S105  # an address
REFUSES = {"access.no_token": Kind.UNAUTHENTICATED}
"""What every operation for partners may refuse with, besides its scope."""


async def authenticate(service: App, scope: Scope) -> Caller:
    """Returns the client that calls. Only the head of the request is read.

    Raises: access.no_token (401).
    """
    raise Refusal(Kind.UNAUTHENTICATED, "access.no_token")


async def check_message(service: App, caller: Caller, scope: Scope, body: bytes) -> None:
    """Checks what an agreement demands of the whole message. `body` is empty where it streams."""
