"""Sends WhatsApp messages over HTTP."""

from __future__ import annotations

import msgspec
import structlog

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.formats.untrusted_json import read_json
from meterai.kit.http.outside_service import OutsideService
from meterai.kit.messages import Message

log = structlog.get_logger(__name__)

_ID_MAX = 200
_WHATSAPP_LIMITS = frozenset({4, 80007, 130429, 131048, 131056})
"""Meta's error codes for too many messages, in all or to one number. They come with status 400, too."""


_WHATSAPP_RECIPIENT = frozenset({131021, 131026, 131030})
"""Meta's error codes for a number that takes no message: it is our own, has no WhatsApp, or is not on the
list of a test account. All others concern our account, template or request."""


class _WhatsAppError(msgspec.Struct, frozen=True):
    code: int = 0


class _Taken(msgspec.Struct, frozen=True):
    id: str = ""


class _WhatsAppAnswer(msgspec.Struct, frozen=True):
    error: _WhatsAppError = _WhatsAppError()
    messages: list[_Taken] = []


def _read(body: bytes) -> _WhatsAppAnswer:
    """What an answer says; without an error or an id when it says nothing that we know."""
    try:
        return read_json(body, _WhatsAppAnswer)
    except msgspec.DecodeError:
        return _WhatsAppAnswer()


def _parameter(text: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": text}]


class WhatsAppSender:
    """WhatsApp messages in the form of Meta's Cloud API (POST .../messages, bearer token).

    People who have not written to us within a day get only messages by an approved template. There are two,
    in both languages: one for codes, and one for news, whose parameter takes all the text.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str,
        code_template: str = "meterai_code",
        news_template: str = "meterai_news",
    ) -> None:
        self._code_template = code_template
        self._news_template = news_template
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._service = OutsideService(
            url, unavailable_code="message.unavailable", name="whatsapp", headers=headers
        )

    async def send(self, message: Message) -> str:
        body = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": message.to.lstrip("+"),
            "type": "template",
            "template": self._filled(message),
        }
        answer = await self._service.call("POST", "", body=msgspec.json.encode(body))
        said = _read(answer.body)
        if answer.status < 300:
            return said.messages[0].id[:_ID_MAX] if said.messages else ""
        code = said.error.code
        if code in _WHATSAPP_RECIPIENT:
            raise Refusal(Kind.INVALID, "message.address_refused")
        if code not in _WHATSAPP_LIMITS:
            log.error("whatsapp_account_or_template_refused", code=code, status=answer.status)
        raise Refusal(Kind.UNAVAILABLE, "message.unavailable", reason=f"status_{answer.status}", sent=False)

    def _filled(self, message: Message) -> dict[str, object]:
        if message.code:
            name, given = self._code_template, _parameter(message.code)
            button = {"type": "button", "sub_type": "url", "index": "0", "parameters": given}
            components = [{"type": "body", "parameters": given}, button]
        else:
            in_one_line = " ".join(message.text.split())  # parameters take no line breaks
            name, components = self._news_template, [{"type": "body", "parameters": _parameter(in_one_line)}]
        language = "en" if message.language == "en" else "id"
        return {"name": name, "language": {"code": language}, "components": components}

    async def close(self) -> None:
        await self._service.close()
