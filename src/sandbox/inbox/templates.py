"""WhatsApp's templates: what stands in them, and what the API refuses.

Free text reaches only who wrote to the sender within a day, and nobody writes to the twin.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

_NOT_IN_PARAMETERS: Final = re.compile(r"[\r\n\t]| {5}")
_CODE_MAX: Final = 15
_BODIES: Final = {
    ("meterai_code", "id"): "{{1}} adalah kode verifikasi Anda. Demi keamanan, jangan bagikan kode ini.\n\n"
    "Kode ini kedaluwarsa dalam 10 menit.",
    ("meterai_code", "en"): "{{1}} is your verification code. For your security, do not share this code.\n\n"
    "This code expires in 10 minutes.",
    ("meterai_news", "id"): "Kabar dari Meterai: {{1}}\n\nPesan otomatis, tidak perlu dibalas.",
    ("meterai_news", "en"): "News from Meterai: {{1}}\n\nThis message is automatic, no need to reply.",
}
"""As they are approved, by name and language; see docs/configuration.md."""


class Refused(Exception):
    """What the API answers: HTTP status, error code, words."""

    def __init__(self, status: int, code: int, words: str) -> None:
        super().__init__(words)
        self.status, self.code, self.words = status, code, f"(#{code}) {words}"


class _Parameter(msgspec.Struct):
    text: str
    type: str = "text"


class _Component(msgspec.Struct):
    type: str
    parameters: list[_Parameter]
    sub_type: str = ""
    index: str = ""


class _Language(msgspec.Struct):
    code: str


class Template(msgspec.Struct):
    """A message made from a template, as it is sent."""

    name: str
    language: _Language
    components: list[_Component]


def read(template: Template | None) -> str:
    """What its reader sees. Raises: Refused."""
    if template is None:
        raise Refused(400, 131047, "Re-engagement message")
    body = _BODIES.get((template.name, template.language.code))
    if body is None:
        raise Refused(404, 132001, "Template does not exist in the translation")
    parts = [(part.type, part.sub_type, part.index) for part in template.components]
    is_code = template.name == "meterai_code"
    wanted = [("body", "", ""), *([("button", "url", "0")] if is_code else [])]
    texts = [parameter.text for part in template.components for parameter in part.parameters]
    if parts != wanted or len(texts) != len(wanted):
        raise Refused(400, 132000, "Number of parameters does not match the expected number of params")
    if _NOT_IN_PARAMETERS.search(texts[0]) or (
        is_code and (len(texts[0]) > _CODE_MAX or len(set(texts)) > 1)
    ):
        raise Refused(400, 132018, "There is an issue with the parameters in your template")
    return body.replace("{{1}}", texts[0])
