"""A beacon with drand's HTTP API and made-up rounds: `python -m tests.operator_day.beacon PORT`."""

from __future__ import annotations

import hashlib
import sys
import time

from aiohttp import web

from sandbox import serving

_GENESIS, _PERIOD = 1_692_803_367, 3


async def _info(request: web.Request) -> web.Response:
    told = {"hash": request.match_info["chain"], "genesis_time": _GENESIS, "period": _PERIOD}
    return web.json_response(told)


async def _round(request: web.Request) -> web.Response:
    number = int(request.match_info["number"])
    if _GENESIS + (number - 1) * _PERIOD > time.time():
        raise web.HTTPTooEarly
    signature = hashlib.sha512(str(number).encode()).digest()
    randomness = hashlib.sha256(signature).hexdigest()
    return web.json_response({"round": number, "randomness": randomness, "signature": signature.hex()})


def main() -> None:
    """Serves until SIGTERM."""
    application = web.Application()
    application.add_routes(
        [web.get("/{chain}/info", _info), web.get(r"/{chain}/public/{number:\d+}", _round)]
    )
    serving.start(application, port=int(sys.argv[1]), name="beacon")


if __name__ == "__main__":
    main()
