"""Makes the answers of the wire. A refusal is an answer with status 200 and a code, as clients expect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from litestar import Response

from meterai.api.wire.codes import DONE, business_code, signing_code
from meterai.api.wire.endpoints import Style
from meterai.kernel.refusals import Refusal
from meterai.texts.api_problems import explanation_of
from meterai.texts.mechanism.translation import translate
from meterai.texts.refusals import TABLE
from meterai.texts.wire import WIRE_WORDS

SUCCESS: Final = "success"
_JSON: Final = "application/json"


def done(result: Any = None, **more: Any) -> dict[str, Any]:
    """The answer to a business call that went well."""
    answer = {"statusCode": DONE, "message": SUCCESS}
    return answer | ({} if result is None else {"result": result}) | more


def signed(**more: Any) -> dict[str, Any]:
    """The answer to a call for a signature that went well."""
    return {"status": "True", "errorCode": DONE, "errorMessage": "-"} | more


def refused(refusal: Refusal, style: Style) -> dict[str, Any]:
    """The answer to a call that was refused."""
    words = words_of(refusal)
    if style is Style.SIGNING:
        return {"status": "False", "errorCode": signing_code(refusal), "errorMessage": words}
    code = business_code(refusal)
    result = {"err": words, "status": code, "message": words}
    return {"statusCode": code, "status": code, "message": words, "result": result}


def words_of(refusal: Refusal) -> str:
    """What happened and what to do, on one line: Indonesian, then English."""
    words = WIRE_WORDS.get(refusal.code) or explanation_of(refusal.code) or TABLE["server.fault"]
    facts = {**words.facts, **refusal.facts}
    said = (
        " ".join(translate(sentence, language, facts) for sentence in (words.what, words.next))
        for language in ("id", "en")
    )
    return " / ".join(said)


def json_answer(
    body: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response[bytes]:
    """A whole answer."""
    return Response(
        msgspec.json.encode(body), status_code=status, media_type=_JSON, headers=dict(headers or {})
    )
