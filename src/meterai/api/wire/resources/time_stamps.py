"""Time stamps (RFC 3161) for the signatures of hashes, for adapters that reach no other authority."""

from __future__ import annotations

from typing import Any, Final

from asn1crypto import tsp
from litestar import Response

from meterai.api.wire.endpoints import Style, WireRequest, endpoint
from meterai.kernel.refusals import Kind, Refusal
from meterai.stamping.signer_wire import NONCE_BYTES_MAX
from meterai.stamping.use_cases.date_hash import date_hash

TIME_STAMP_PATH: Final = "/keystamp/timestamp"
_REPLY: Final = "application/timestamp-reply"
_QUERY_BYTES_MAX: Final = 4_096


@endpoint(
    "stampservice",
    "POST",
    TIME_STAMP_PATH,
    scope="stamps:write",
    style=Style.SIGNING,
    body_bytes_max=_QUERY_BYTES_MAX,
)
async def make_time_stamp(asked: WireRequest) -> Response[Any]:
    """Answers with a time stamp for the SHA-256 of a signature that this organisation got from us."""
    imprint, nonce = _read(asked.said.raw)
    token = await date_hash(
        asked.service.db,
        asked.service.signer,
        organisation_id=asked.caller.organisation_id,
        imprint=imprint,
        nonce=nonce,
    )
    reply = tsp.TimeStampResp(
        {"status": {"status": "granted"}, "time_stamp_token": tsp.ContentInfo.load(token)}
    )
    return Response(reply.dump(), media_type=_REPLY)


def _read(query: bytes) -> tuple[bytes, bytes]:
    """The digest in a query, and its nonce. Raises: Refusal INVALID `wire.time_stamp_query`."""
    try:
        asked = tsp.TimeStampReq.load(query, strict=True)
        wanted, nonce = asked["message_imprint"], asked["nonce"].native
        algorithm = wanted["hash_algorithm"]["algorithm"].native
        digest: bytes = wanted["hashed_message"].native
    except (ValueError, TypeError, KeyError) as error:
        raise Refusal(Kind.INVALID, "wire.time_stamp_query") from error
    if algorithm != "sha256" or len(digest) != 32 or not 0 <= (nonce or 0) < 1 << 8 * NONCE_BYTES_MAX:
        raise Refusal(Kind.INVALID, "wire.time_stamp_query")
    return digest, b"" if nonce is None else nonce.to_bytes(NONCE_BYTES_MAX)


ENDPOINTS = (make_time_stamp,)
